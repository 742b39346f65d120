"""What clients send stays with them: a marker in every place of good and bad requests to every endpoint is
found afterwards in no log, archive, metric, list, report or span, but for answers to the sender himself.
With --record-text it is, where that says so."""

import base64
import gzip
import http.server
import json
import sqlite3
import threading
import time
import unittest

from abuse_cases import HOST
from program import OK, ProgramTest, Server
from wire import ENDED, Wire, eventually

MARK = "zQ7xMarkw9"
TOKEN = "of-this-test-only-123"
AS_OTHERS_HAVE_IT = [form.encode() for form in (
    MARK, MARK.lower(), MARK.upper(), MARK.encode().hex(), MARK.encode("utf-16-le").decode("latin-1"))] + [
    base64.b64encode(b"x" * shift + MARK.encode())[4:-4] for shift in range(3)]

HEADERS = ("User-Agent", "Referer", "Cookie", "Authorization", "X-Api-Key", "Api-Key", "Proxy-Authorization",
           "Accept", "Accept-Language",
           "Accept-Encoding", "Content-Type", "Content-Language", "From", "Baggage", "Traceparent", "Forwarded",
           "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via", "If-None-Match", "If-Modified-Since", "Range",
           "X-Client-Token", "OpenAI-Organization", "X-Stainless-Lang", "Idempotency-Key", "Sec-Fetch-Site",
           "Sec-Fetch-Mode", "Dnt", MARK)
REFUSED_HEADERS = ("Host", "Origin", "Content-Encoding", "Transfer-Encoding", "Content-Length", "Expect",
                   "Connection",
                   "Upgrade")
# An id of the client's own is kept: it is what the request is called. So is the state of a trace that the
# client wants continued.
TEXT = f"say {MARK} now"
MESSAGES = [{"role": "system", "content": TEXT}, {"role": "user", "content": TEXT, "name": MARK},
            {"role": "assistant", "content": TEXT}, {"role": "user", "content": [{"type": "text", "text": TEXT}]}]
GOOD = (
    ("/chat", {"input": TEXT, "history": [{"user": TEXT, "bot": TEXT}], "stop": [MARK], "max_new_tokens": 3,
               "tasks": ["sentiment", "chat"]}),
    ("/chat", {"input": TEXT, "system": TEXT, "max_new_tokens": 3, "stream": True, "tasks": ["chat"]}),
    ("/v1/tasks/sentiment", {"input": TEXT}),
    ("/v1/tasks/team", {"input": TEXT}),
    ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 3, "stop": MARK, "user": MARK,
                              "metadata": {MARK: MARK}, MARK: MARK}),
    ("/v1/chat/completions", {"messages": MESSAGES, "max_tokens": 3, "stream": True, "logprobs": True}),
    ("/v1/chat/completions", {"messages": MESSAGES, "guided_choice": [MARK, "b"]}),
    ("/v1/completions", {"prompt": TEXT, "max_tokens": 3, "stop": [MARK], "logprobs": 0}),
    ("/v1/completions", {"prompt": TEXT, "structured_outputs": {"choice": [MARK + "1", MARK + "2"]}}),
    ("/v1/systemone", {"state": {MARK: TEXT}, "instructions": TEXT, "model": MARK, MARK: 1, "questions": {
        MARK: {"type": "choice", "instructions": TEXT, "criteria": {MARK: TEXT, "other": None}},
        "s" + MARK: {"type": "score", "criteria": [TEXT, "more"]}, "n" + MARK: {"type": "noul",
                                                                                "criteria": {"true": TEXT}}}}),
    ("/v1/decisions", {"input": TEXT, "questions": [
        {"type": "choice", "name": MARK, "choices": [{"value": MARK, "description": TEXT}, {"value": "b"}]},
        {"type": "predicate", "instructions": TEXT}, {"type": "score", "levels": [{"label": MARK},
                                                                                  {"label": "b"}]}]}),
    ("/tokenize", {"content": TEXT, "with_pieces": True}),
)
BAD = (
    {MARK: 1}, {"input": {MARK: MARK}}, {"input": [MARK]}, {"input": "x", MARK: 1}, {"input": TEXT,
                                                                                     "temperature": MARK},
    {"input": TEXT, "tasks": [MARK]}, {"input": TEXT, "history": [{MARK: 1}]}, {"messages": [{"role": MARK,
                                                                                              "content": TEXT}]},
    {"messages": MESSAGES, "model": MARK}, {"messages": MESSAGES, "models": [MARK], "model": MARK},
    {"messages": MESSAGES, "samplers": [MARK]}, {"messages": MESSAGES, "logit_bias": {MARK: 1}},
    {"messages": MESSAGES, "response_format": {"type": MARK}}, {"messages": MESSAGES,
                                                                "tools": [{"type": "function",
                                                                           "function": {"name": MARK}}]},
    {"messages": MESSAGES, "temprature": MARK}, {"messages": MESSAGES, "reasoning_effort": MARK,
                                                 "thinking": {"type": MARK}},
    {"messages": MESSAGES, "guided_choice": [MARK, MARK]}, {"prompt": [MARK]}, {"prompt": TEXT, "grammar": MARK},
    {"prompt": TEXT * 4000}, {"state": TEXT, "questions": {MARK: {"type": MARK}}},
    {"state": TEXT, "questions": {MARK: {"type": "choice", "criteria": {}}}},
    {"input": TEXT, "questions": [{"type": "choice", "name": MARK, "choices": [{"value": MARK}, {"value": MARK}]}]},
    {"input": TEXT, "questions": [{"type": MARK, MARK: MARK}]}, {"content": [MARK]}, {"tokens": [MARK]},
    {"timeout_ms": MARK, "input": TEXT},
    {"first_byte_ms": MARK}, {"stop": [MARK] * 40, "input": TEXT, "prompt": TEXT},
)
RAW_BODIES = tuple(text.encode() for text in (
    f'{{"input":"{MARK}', f'{{"{MARK}', f"{MARK}", f'{{"input":"{MARK}\\ud800"}}', f'{{"{MARK}":1,"{MARK}":2}}',
    f'{{"input":"{MARK}" {MARK}}}')) + (b'{"input":"' + MARK.encode() + b'\xff"}', )
POSTS = ("/chat", "/v1/tasks/sentiment", "/v1/chat/completions", "/v1/completions", "/v1/systemone", "/v1/decisions",
         "/tokenize", "/detokenize", "/requests/1/client")
GETS = ("/", "/assets/x", "/v1/tasks", "/v1/models", "/v1/models/demo", "/requests", "/requests/1", "/report",
        "/compare",
        "/stats", "/live", "/slo", "/metrics", "/health", "/health/live", "/health/ready")
PATHS = (f"/{MARK}", f"/v1/tasks/{MARK}", f"/v1/tasks/{MARK}/{MARK}", f"/chat/{MARK}", f"/requests/{MARK}",
         f"/requests/{MARK}/client", f"/v1/models/{MARK}", f"/assets/{MARK}.js", f"/assets/../{MARK}", f"//{MARK}//",
         f"/health;{MARK}", f"/health/{MARK}", f"/v1/chat/completions/{MARK}", f"/%7a{MARK}%00",
         f"http://localhost/{MARK}")
QUERIES = (f"{MARK}=1", f"limit={MARK}", f"task={MARK}", f"id={MARK}", f"status={MARK}", f"since={MARK}",
           f"format={MARK}",
           f"a_version={MARK}", f"route={MARK}", f"lang={MARK}", f"charts={MARK}", f"range={MARK}", f"model={MARK}")

TASKS = """
[[task]]
name = "team"
kind = "choice"
question = "Which team?"
options = ["billing", "technical"]

[[sla]]
name = "quick"
metric = "total"
percentile = 95
threshold_ms = 1000
"""


class Collector:
    """Keeps what an exporter sends; a context manager."""

    def __enter__(self):
        collector = self
        self.bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.bodies.append(self.path.encode() + b"\n" + str(self.headers).encode() + body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def request(method, target, fields=(), body=b"", host=HOST):
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
    length = b"Content-Length: %d\r\n" % len(body) if body or method == "POST" else b""
    return f"{method} {target} HTTP/1.1\r\n".encode() + host + lines + length + b"\r\n" + body


def all_requests():
    for path, body in GOOD:
        yield request("POST", path, body=json.dumps(body).encode())
    for body in [json.dumps(body).encode() for body in BAD] + list(RAW_BODIES):
        for path in POSTS:
            yield request("POST", path, [("X-Client-Token", TOKEN)], body)
    for path in (*GETS, *PATHS):
        yield request("GET", path)
        yield request("POST", path, [("X-Client-Token", MARK * 2)], b"{}")
    for path in GETS:
        for query in QUERIES:
            yield request("GET", f"{path}?{query}")
    for name in (*HEADERS, *REFUSED_HEADERS):
        fields = [(name, f"{MARK}")]
        yield request("GET", "/metrics", fields, host=b"" if name == "Host" else HOST)
        yield request("POST", "/v1/tasks/sentiment", fields, b'{"input":"x"}', host=b"" if name == "Host" else HOST)
        yield request("POST", "/nowhere", fields, b"{}", host=b"" if name == "Host" else HOST)
    yield request(MARK, "/chat", body=b"{}")
    yield request("GET", MARK)
    yield request("CONNECT", f"{MARK}.example:443")
    yield f"{MARK}\r\n\r\n".encode()
    yield f"GET / {MARK}\r\n\r\n".encode()
    yield f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n".encode()
    yield f"GET /{MARK * 4000} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    chunked = b"POST /chat HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    yield chunked + MARK.encode() + b"\r\n"
    yield chunked + b"2;" + MARK.encode() + b"\r\n{}\r\n0\r\n" + MARK.encode() + b": " + MARK.encode() + b"\r\n\r\n"


class Privacy(ProgramTest):
    def send(self, server, raw, good):
        """The id of its record."""
        with Wire(server.port) as wire:
            wire.send(raw)
            status, headers, body = wire.answer()
            self.assertNotEqual(status, ENDED, raw)
            if good:
                self.assertEqual(status, 200, body)
            return headers["X-Request-Id"]

    def ask(self, server, path):
        with Wire(server.port) as wire:
            wire.send(request("GET", path))
            status, headers, body = wire.answer()
            if headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            self.assertEqual(status, 200, (path, body[:300]))
            return body

    def shown(self, server, ids):
        """What the server tells anybody, by where."""
        places = {path: self.ask(server, path) for path in (
            "/requests?limit=5000", "/requests?limit=5000&format=csv", "/requests?limit=1000&format=chrome",
            "/report",
            "/report?format=html", "/report?format=text", "/compare", "/stats", "/live", "/slo", "/metrics",
            "/v1/tasks", "/v1/models")}
        for id in ids:
            places[f"/requests/{id}"] = self.ask(server, f"/requests/{id}")
        with Wire(server.port) as wire:
            wire.send(request("GET", "/live/events"))
            events = b""
            while events.count(b"event: point") < 2:
                events += wire.socket.recv(65536)
        places["/live/events"] = events
        return places

    def serve(self, *options):
        """Sends everything; all that is left of it, by where."""
        folder = self.folder / f"kept{len(options)}"
        folder.mkdir()
        config = self.folder / "tasks.toml"
        config.write_text(TASKS)
        with Collector() as collector:
            with Server("--threads", 1, "--config", config, "--archive", folder / "records.db",
                        "--archive-csv", folder / "csv", "--records-kept", 5000, "--otlp-endpoint", collector.url,
                        *options, environment={"OTEL_BSP_SCHEDULE_DELAY": "200"}) as server:
                ids = [self.send(server, raw, number < len(GOOD))
                       for number, raw in enumerate(all_requests())]
                eventually(lambda: ids[-1].encode() in self.ask(server, "/requests?limit=10"))
                kept = self.shown(server, ids[:len(GOOD)] + ids[len(GOOD)::97])
                self.assertEqual(server.stop(), OK)
                kept["the log"] = "".join(server.lines).encode()
            kept["spans and metrics"] = b"\n".join(collector.bodies)
        for file in folder.rglob("*"):
            if file.is_file():
                kept[file.name] = file.read_bytes()
        self.assertGreater(len(collector.bodies), 1)
        self.assertIn(ids[0].encode(), kept["the log"])
        self.assertIn(ids[0].encode(), kept["spans and metrics"])
        self.assertIn(ids[-1].encode(), kept["records.db"])
        with sqlite3.connect(folder / "records.db") as rows:
            count = rows.execute("SELECT count(DISTINCT request_id) FROM requests").fetchone()[0]
        rows.close()
        self.assertGreaterEqual(count, len(ids))
        return kept

    def test_nothing_is_kept_unless_asked_for(self):
        for place, text in self.serve().items():
            for form in AS_OTHERS_HAVE_IT:
                at = text.find(form)
                self.assertEqual(at, -1, f"{place}: {text[max(0, at - 200):at + 100]!r}")

    def test_texts_that_are_asked_for(self):
        kept = self.serve("--record-text")
        for place in ("/requests?limit=5000", "records.db"):
            self.assertIn(MARK.encode(), kept[place])
        for place in ("/metrics", "/stats", "/live", "/slo"):
            self.assertNotIn(MARK.encode(), kept[place])
        for header in ("Authorization", "Cookie", "X-Client-Token"):
            self.assertNotIn(header.lower().encode(), kept["records.db"].lower())


class Ids(ProgramTest):
    """What a request is called is nothing that others can guess, or gain by taking it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server("--threads", 1))

    def ask(self, raw):
        with Wire(self.server.port) as wire:
            wire.send(raw)
            return wire.answer()

    def tokenize(self, *fields):
        return self.ask(request("POST", "/tokenize", fields, b'{"content":"x"}'))

    def test_new_ones_are_random(self):
        ids = []
        for _ in range(8):  # connections, on several threads
            with Wire(self.server.port) as wire:
                wire.send(request("GET", "/health/live") * 125)
                ids += [wire.answer()[1]["X-Request-Id"] for _ in range(125)]
        self.assertEqual(len(set(ids)), 1000)
        for id in ids:
            self.assertRegex(id, r"\A[0-9a-f]{32}\Z")
        # each of the 128 bits is set in about half of them: 500 with a deviation of 16
        numbers = [int(id, 16) for id in ids]
        for bit in range(128):
            self.assertLess(abs(sum(number >> bit & 1 for number in numbers) - 500), 7 * 16, bit)
        # and says nothing of the next one's
        for bit in range(128):
            same = sum((a ^ b) >> bit & 1 for a, b in zip(numbers, numbers[1:]))
            self.assertLess(abs(same - 500), 7 * 16, bit)

    def test_one_of_the_client_is_a_word(self):
        for own in ("a", "9f1c-Ab_c.d:e/f+g=h@i~j,k|l", "x" * 128):
            self.assertEqual(self.tokenize(("X-Request-Id", own))[1]["X-Request-Id"], own)
        for own in ("", "a b", "x" * 129, "<script>", "a;b", '"a"', "a'b", "a\\b", "%0d%0a", "{a}", "\u4f60",
                    "a`b`", "$(a)"):
            self.assertRegex(self.tokenize(("X-Request-Id", own))[1]["X-Request-Id"], r"\A[0-9a-f]{32}\Z")

    def test_who_takes_anothers_gains_nothing(self):
        id = "shared-1"
        for token in ("first-of-the-tokens", "second-of-the-tokens", "third-of-the-tokens"):
            self.assertEqual(self.tokenize(("X-Request-Id", id), ("X-Client-Token", token))[0], 200)
        time.sleep(0.05)  # times that are claimed must have passed

        def report(token):
            body = json.dumps({"first_byte_ms": 40, "last_byte_ms": 41, "done_ms": 42}).encode()
            return self.ask(request("POST", f"/requests/{id}/client", [("X-Client-Token", token)], body))[0]

        self.assertEqual(report("another-of-the-tokens"), 403)
        self.assertEqual(report("second-of-the-tokens"), 204)
        self.assertEqual(report("second-of-the-tokens"), 409)
        records = json.loads(self.ask(request("GET", f"/requests?id={id}"))[2])["requests"]
        self.assertEqual([record["client"] is not None for record in records], [False, True, False])
        self.assertEqual(json.loads(self.ask(request("GET", f"/requests/{id}"))[2])["same_id"], 2)


if __name__ == "__main__":
    unittest.main()
