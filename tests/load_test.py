"""`qaio load` against a server whose behaviour is known, and against `qaio serve`. How close its
times are to the truth is load_timing_test.py's."""

import json
import os
import pty
import signal
import subprocess
import time
import unittest

from program import FAILED, NO, OK, QAIO, USAGE, ProgramTest, Server, run
from scripted_server import Answer, ScriptedServer

CHAT = "/v1/chat/completions"
USAGE_TOLD = {"prompt_tokens": 30, "completion_tokens": 20,
              "prompt_tokens_details": {"cached_tokens": 10}}
KNOWN_DELAYS = lambda _: Answer(first=0.1, gap=0.02, tokens=10, usage=USAGE_TOLD)


class LoadTest(ProgramTest):
    def load(self, server, *arguments, code=OK, endpoint=CHAT):
        """The JSON report of one load without warm-up."""
        result = run("load", "--url", server.url, "--endpoint", endpoint, "--warmup", "0", "--json",
                     *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        report = json.loads(result.stdout)
        requests = report["requests"]
        self.assertEqual(sum(failure["count"] for failure in report["failures"]),
                         requests["failed"])
        return report

    def failures(self, report):
        return {failure["kind"]: failure["count"] for failure in report["failures"]}


class Measures(LoadTest):
    def test_known_delays(self):
        with ScriptedServer(KNOWN_DELAYS) as server:
            report = self.load(server, "--concurrency", 4, "--count", 20)
        self.assertEqual(report["requests"]["succeeded"], 20)
        # Never less than the server slept, but between two tokens, of which one may come late.
        for name, least in (("ttft_ms", 100), ("total_ms", 280)):
            self.assertGreaterEqual(report[name]["p50"], least - 0.2, name)
        for name in ("ttft_ms", "tpot_ms", "total_ms"):
            figures = report[name]
            self.assertEqual(figures["count"], 20)
            ordered = [figures[key] for key in ("p50", "p90", "p95", "p99", "max")]
            self.assertEqual(ordered, sorted(ordered))
        self.assertEqual(report["inter_token_ms"]["count"], 20 * 9)
        self.assertEqual(report["tokens"], {"prompt": 600, "cached": 200, "output": 400,
                                            "counted_by": "usage", "prompt_lengths": "approximate"})
        seconds = report["duration_s"]
        self.assertGreaterEqual(seconds, 5 * 0.28)
        for name, amount in (("requests_s", 20), ("output_tok_s", 400), ("total_tok_s", 1000)):
            self.assertAlmostEqual(report["throughput"][name], amount / seconds, delta=0.01 * amount)
        self.assertEqual(report["in_flight_max"], 4)
        self.assertEqual(server.connections, 4 + 2)  # kept open; two to ask for model and tokens

    def test_every_endpoint(self):
        for endpoint in ("/chat", CHAT, "/v1/completions"):
            with ScriptedServer(lambda _: Answer(tokens=7)) as server:
                report = self.load(server, "--count", 6, endpoint=endpoint)
            self.assertEqual(report["requests"]["succeeded"], 6, endpoint)
            self.assertEqual(report["tokens"]["output"], 42, endpoint)
            self.assertEqual(report["tokens"]["counted_by"], "chunks", endpoint)
            self.assertEqual({path for path, _, _ in server.requests}, {endpoint})

    def test_warmup_is_not_measured(self):
        slow_first = lambda number: Answer(first=1.0 if number < 2 else 0.0)
        with ScriptedServer(slow_first) as server:
            report = json.loads(self.ok("load", "--url", server.url, "--warmup", 2, "--count", 5,
                                        "--json"))
        self.assertEqual(report["requests"]["warmup_succeeded"], 2)
        self.assertEqual(report["requests"]["succeeded"], 5)
        self.assertEqual(report["ttft_ms"]["count"], 5)
        self.assertEqual(server.count, 7)

    def test_duration(self):
        with ScriptedServer(lambda _: Answer(first=0.05, tokens=1)) as server:
            report = self.load(server, "--concurrency", 2, "--duration", 1)
        self.assertGreaterEqual(report["duration_s"], 1)
        self.assertTrue(1 <= report["requests"]["succeeded"] <= 42, report["requests"])

    def test_the_text_says_the_same(self):
        with ScriptedServer(lambda n: Answer(status=503, body='{"error": "full"}') if n == 0
                            else Answer()) as server:
            text = self.ok("load", "--url", server.url, "--count", 4, "--warmup", 0,
                           "--concurrency", 1, "--sla", "ttft:5000", "--sla-percent", 75)
        self.assertRegex(text, r"\nrequests +3 ok, 1 failed\n")
        self.assertRegex(text, r"http 503 +1 +[\d.]+ +[\d.]+ +full")
        self.assertRegex(text, r"ms +mean +p50 +p90 +p95 +p99 +max")
        self.assertRegex(text, r"SLA ttft 5000 ms: kept by 75.0 % of requests, 75 % wanted")


class Failures(LoadTest):
    def test_by_kind(self):
        answers = [
            Answer(),
            Answer(status=503, body='{"error": {"message": "queue full"}}'),
            Answer(status=503, body='{"error": {"message": "queue full"}}'),
            Answer(status=400, body="what?", content_type="text/plain"),
            Answer(cut_after=2),
            Answer(ends=False),
            Answer(events=["data: {broken\n\n"]),
            Answer(events=['data: {"error": {"message": "out of memory"}}\n\n']),
            Answer(body='{"choices": []}'),
            Answer(first=3),
        ]
        with ScriptedServer(lambda number: answers[number]) as server:
            report = self.load(server, "--count", len(answers), "--concurrency", 1,
                               "--timeout", 1)
        self.assertEqual(self.failures(report), {
            "http 503": 2, "http 400": 1, "disconnected": 1, "incomplete": 1, "malformed": 2,
            "error event": 1, "timeout": 1})
        self.assertEqual(report["requests"]["succeeded"], 1)
        examples = {failure["kind"]: failure["example"] for failure in report["failures"]}
        self.assertEqual(examples["http 503"], "queue full")
        self.assertEqual(examples["http 400"], "what?")
        self.assertEqual(examples["error event"], "out of memory")
        self.assertEqual(examples["timeout"], "no complete answer within 1 s")
        times = {failure["kind"]: failure["total_ms"] for failure in report["failures"]}
        self.assertGreaterEqual(times["timeout"]["max"], 999)
        self.assertEqual(report["ttft_ms"]["count"], 1)  # only what succeeded

    def test_a_stalled_stream_times_out(self):
        with ScriptedServer(lambda _: Answer(gap=5, tokens=2)) as server:
            report = self.load(server, "--count", 1, "--timeout", 0.5, code=FAILED)
        self.assertEqual(self.failures(report), {"timeout": 1})

    def test_a_kept_connection_that_was_closed_is_opened_again(self):
        with ScriptedServer(lambda _: Answer(close=True)) as server:
            report = self.load(server, "--count", 10, "--concurrency", 1)
        self.assertEqual(report["requests"]["succeeded"], 10, report["failures"])
        self.assertGreaterEqual(server.connections, 10)

    def test_nobody_there(self):
        error = self.fails(FAILED, "load", "--url", "http://127.0.0.1:1", "--count", 1)
        self.assertIn("cannot connect to 127.0.0.1:1", error)
        requests = self.folder / "one.jsonl"
        requests.write_text('{"input": "hi"}\n')
        result = run("load", "--url", "http://127.0.0.1:1", "--count", 3, "--warmup", 0, "--json",
                     "--requests", requests)
        self.assertEqual(result.returncode, FAILED)
        self.assertEqual(self.failures(json.loads(result.stdout)), {"connect": 3})
        self.assertIn("no request succeeded", result.stderr)

    def test_usage(self):
        for arguments in (["--url", "ftp://h"], ["--endpoint", "/v1/embeddings"], ["--rate", "0"],
                          ["--prompt-tokens", "5-"], ["--sla", "speed:1"], ["--extra-body", "[]"],
                          ["--header", "novalue"], ["--concurrency", "0"],
                          ["--requests", "x", "--prompt-tokens", "5"]):
            self.assertIn("qaio load --help", self.fails(USAGE, "load", *arguments))
        self.assertIn("/nowhere", self.fails(FAILED, "load", "--requests", "/nowhere"))


class OpenLoop(LoadTest):
    def stalling(self):
        """Answers at once, one at a time, but once stands still for a second."""
        def answer(number):
            return Answer(first=1.0 if number == 20 else 0.0, tokens=1)
        return answer

    def test_a_stall_is_seen_by_all_who_were_due_in_it(self):
        with ScriptedServer(self.stalling()) as server:
            report = self.load(server, "--rate", 50, "--count", 100, "--concurrency", 1)
        # About 50 of 100 requests were due while the server stood still.
        self.assertEqual(report["requests"]["succeeded"], 100)
        self.assertGreater(report["send_delay_ms"]["max"], 700)
        self.assertGreater(report["total_ms"]["p90"], 500)
        self.assertGreater(report["ttft_ms"]["p90"], 500)
        with ScriptedServer(self.stalling()) as server:
            closed = self.load(server, "--count", 100, "--concurrency", 1)
        self.assertLess(closed["total_ms"]["p90"], 1000)  # one request in a hundred
        self.assertGreater(closed["total_ms"]["max"], 1000)

    def test_places_free_hold_the_rate(self):
        with ScriptedServer(lambda _: Answer(first=0.5, tokens=1)) as server:
            report = self.load(server, "--rate", 40, "--duration", 2)
        requests = report["requests"]
        self.assertEqual(requests["never_sent"], 0)
        self.assertTrue(40 <= requests["succeeded"] <= 125, requests)  # 80, 5 deviations
        self.assertGreaterEqual(report["in_flight_max"], 8)

    def test_what_was_due_and_never_sent_is_told(self):
        with ScriptedServer(lambda _: Answer(first=0.4, tokens=1)) as server:
            report = self.load(server, "--rate", 50, "--duration", 1, "--concurrency", 1,
                               "--sla", "total:100000", code=NO)
        requests = report["requests"]
        self.assertTrue(1 <= requests["succeeded"] <= 4, requests)
        self.assertTrue(20 <= requests["never_sent"] <= 80, requests)
        self.assertLess(report["sla"]["kept_percent"], 20)
        self.assertFalse(report["sla"]["met"])

    def test_same_seed_same_requests(self):
        bodies = []
        for seed in (1, 1, 2):
            with ScriptedServer(lambda _: Answer(tokens=1)) as server:
                self.load(server, "--rate", 200, "--count", 10, "--seed", seed, "--concurrency", 1,
                          "--prompt-tokens", "5-50", "--output-tokens", "exp:20")
            bodies.append([body for _, _, body in server.requests])
        self.assertEqual(bodies[0], bodies[1])
        self.assertNotEqual(bodies[0], bodies[2])
        self.assertEqual(len({json.dumps(body) for body in bodies[0]}), 10)


class Sla(LoadTest):
    def test_goodput_and_exit_codes(self):
        answer = lambda number: Answer(first=1.0 if number % 4 == 0 else 0, tokens=1)
        for percent, code in ((70, OK), (80, NO)):
            with ScriptedServer(answer) as server:
                report = self.load(server, "--count", 8, "--concurrency", 1, "--goodput",
                                   "ttft:800 e2el:900", "--sla-percent", percent, code=code)
            sla = report["sla"]
            self.assertEqual(sla["limits_ms"], {"ttft": 800, "total": 900})
            self.assertEqual((sla["kept"], sla["kept_percent"]), (6, 75))
            self.assertEqual(sla["met"], code == OK)
            self.assertAlmostEqual(sla["goodput_requests_s"], 6 / report["duration_s"], delta=0.01)


class Requests(LoadTest):
    def test_what_is_sent(self):
        with ScriptedServer(lambda _: Answer(tokens=1)) as server:
            self.load(server, "--count", 3, "--prompt-tokens", 12, "--output-tokens", 5,
                      "--ignore-eos", "--extra-body", '{"temperature": 0}', "--api-key", "secret",
                      "--header", "X-Tenant: blue", "--header", "X-Other: a: b")
        for _, headers, body in server.requests:
            self.assertEqual(headers["Authorization"], "Bearer secret")
            self.assertEqual((headers["X-Tenant"], headers["X-Other"]), ("blue", "a: b"))
            content = body["messages"][0].pop("content")
            self.assertEqual(len(content.split()), 12)
            self.assertEqual(body, {
                "messages": [{"role": "user"}], "max_tokens": 5, "model": "scripted",
                "temperature": 0, "ignore_eos": True, "stream": True,
                "stream_options": {"include_usage": True}})
        self.assertEqual([path for path, _ in server.gets], ["/v1/models"])

    def test_the_model_can_be_named(self):
        with ScriptedServer(lambda _: Answer(tokens=1), models=None) as server:
            self.assertIn("--model", self.fails(FAILED, "load", "--url", server.url + CHAT))
            self.load(server, "--count", 1, "--model", "mine")
        self.assertEqual(server.requests[0][2]["model"], "mine")

    def test_shared_prefix(self):
        with ScriptedServer(lambda _: Answer(tokens=1)) as server:
            self.load(server, "--count", 8, "--prompt-tokens", 10, "--shared-prefix", 30)
        texts = [body["messages"][0]["content"].split() for _, _, body in server.requests]
        self.assertEqual({len(words) for words in texts}, {40})
        self.assertEqual(len({tuple(words[:30]) for words in texts}), 1)
        self.assertEqual(len({tuple(words[30:]) for words in texts}), 8)

    def test_a_file_of_requests(self):
        file = self.folder / "requests.jsonl"
        lines = [{"messages": [{"role": "user", "content": "a"}], "max_tokens": 3},
                 {"prompt": "b", "output_tokens": 4}, {"prompt": "c"}]
        file.write_text("\n".join(map(json.dumps, lines)))
        with ScriptedServer(lambda _: Answer(tokens=1)) as server:
            report = self.load(server, "--requests", file, "--count", 4, "--concurrency", 1,
                               "--output-tokens", 9)
        sent = [(body["messages"][0]["content"], body["max_tokens"])
                for _, _, body in server.requests]
        self.assertEqual(sent, [("a", 3), ("b", 4), ("c", 9), ("a", 3)])
        self.assertEqual(report["tokens"]["prompt_lengths"], "file")
        file.write_text('{"prompt": "b"}\n{"prompt": 5}\n')
        with ScriptedServer(lambda _: Answer()) as server:
            error = self.fails(FAILED, "load", "--url", server.url + CHAT, "--requests", file)
        self.assertIn("requests.jsonl line 2", error)


class Decisions(LoadTest):
    """Typed questions, which are answered by one JSON object."""

    SYSTEM_ONE = {"model": "scripted", "answers": {"q1": {"type": "noul", "noul": 0.5},
                                                   "q2": {"type": "noul", "noul": 0.25}},
                  "usage": {"input_tokens": 50, "output_tokens": 0}}
    DECISIONS = {"model": "scripted",
                 "answers": [{"type": "predicate", "name": None, "probability": 0.5}] * 3,
                 "usage": {"input_tokens": 60, "input_tokens_details": {"cached_tokens": 20},
                           "output_tokens": 0, "total_tokens": 60}}

    def test_system_one(self):
        with ScriptedServer(lambda _: Answer(first=0.05, body=json.dumps(self.SYSTEM_ONE))) as server:
            report = self.load(server, "--count", 6, "--concurrency", 2, "--questions", 2,
                               "--prompt-tokens", 9, "--sla", "total:60000",
                               endpoint="/v1/systemone")
        self.assertEqual(report["requests"]["succeeded"], 6, report["failures"])
        self.assertEqual((report["api"], report["requests"]["questions_answered"]), ("systemone", 12))
        self.assertEqual(report["requests"]["empty"], 0)
        self.assertEqual(report["tokens"], {"prompt": 300, "cached": 0, "output": 0,
                                            "counted_by": "usage", "prompt_lengths": "approximate"})
        self.assertAlmostEqual(report["throughput"]["questions_s"], 12 / report["duration_s"],
                               delta=0.1)
        self.assertGreaterEqual(report["total_ms"]["p50"], 49.8)
        self.assertEqual(report["ttft_ms"], {"count": 0})
        self.assertTrue(report["sla"]["met"])
        asked = set()
        for path, _, body in server.requests:
            self.assertEqual(path, "/v1/systemone")
            self.assertEqual(sorted(body), ["model", "questions", "state"])
            self.assertEqual(len(body["state"].split()), 9)
            self.assertEqual(list(body["questions"]), ["q1", "q2"])
            for question in body["questions"].values():
                self.assertEqual(question["type"], "noul")
                asked.add(question["instructions"])
        self.assertEqual(len(asked), 12)  # no cache of the server flatters

    def test_decisions_at_a_path_of_another_name(self):
        body = json.dumps(self.DECISIONS)
        with ScriptedServer(lambda _: Answer(body=body)) as server:
            report = self.load(server, "--count", 4, "--questions", 3, "--api", "decisions",
                               endpoint="/v1/decide")
            text = self.ok("load", "--url", server.url + "/v1", "--api", "decisions", "--count", 2,
                           "--warmup", 0)
        self.assertEqual(report["requests"]["questions_answered"], 12, report["failures"])
        self.assertEqual(report["tokens"]["cached"], 80)
        for _, _, sent in server.requests[:4]:
            self.assertEqual([question["name"] for question in sent["questions"]],
                             ["q1", "q2", "q3"])
            self.assertEqual({question["type"] for question in sent["questions"]}, {"predicate"})
        self.assertEqual(server.requests[4][0], "/v1/decisions")
        self.assertRegex(text, r"\nquestions +6 answered\n")
        self.assertRegex(text, r"throughput +[\d.]+ requests/s, [\d.]+ questions/s, [\d.]+ total tok/s")
        self.assertNotIn("ttft", text)

    def test_failures(self):
        answers = [Answer(body=json.dumps(self.DECISIONS)),
                   Answer(),  # a stream
                   Answer(body='{"choices": []}'),
                   Answer(body='{"error": {"message": "the time ran out"}}'),
                   Answer(status=400, body='{"error": {"message": "questions[0] needs a level"}}')]
        with ScriptedServer(lambda number: answers[number]) as server:
            report = self.load(server, "--count", 5, "--concurrency", 1, endpoint="/v1/decisions")
        self.assertEqual(self.failures(report), {"malformed": 2, "error event": 1, "http 400": 1})
        examples = {failure["kind"]: failure["example"] for failure in report["failures"]}
        self.assertEqual(examples["error event"], "the time ran out")
        self.assertIn("application/json", examples["malformed"])
        self.assertEqual(report["requests"]["questions_answered"], 3)

    def test_usage(self):
        for arguments in (["--questions", 2], ["--api", "decisions", "--questions", 0],
                          ["--api", "decisions", "--ignore-eos"], ["--api", "decision"],
                          ["--url", "h/v1/systemone", "--api", "decisions"]):
            self.assertIn("qaio load --help", self.fails(USAGE, "load", *arguments))

    def test_a_file_of_requests(self):
        file = self.folder / "questions.jsonl"
        own = {"state": {"a": 1}, "questions": {"mine": {"type": "noul", "instructions": "?"}}}
        file.write_text(json.dumps(own) + '\n{"prompt": "a text"}\n')
        with ScriptedServer(lambda _: Answer(body=json.dumps(self.SYSTEM_ONE))) as server:
            self.load(server, "--requests", file, "--count", 2, "--concurrency", 1, "--questions", 2,
                      "--model", "mine", endpoint="/v1/systemone")
        first, second = (body for _, _, body in server.requests)
        self.assertEqual(first, {**own, "model": "mine"})
        self.assertEqual((second["state"], len(second["questions"])), ("a text", 2))


class Interrupted(LoadTest):
    def start(self, server, *arguments, **options):
        return subprocess.Popen([QAIO, "load", "--url", server.url + CHAT, "--warmup", "0",
                                 *map(str, arguments)], text=True, **options)

    def wait_for(self, condition):
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(condition())

    def test_what_was_measured_is_reported(self):
        answer = lambda number: Answer(tokens=1) if number < 10 else Answer(first=60)
        with ScriptedServer(answer) as server:
            process = self.start(server, "--json", "--concurrency", 2, "--duration", 600,
                                 stdout=subprocess.PIPE)
            self.wait_for(lambda: server.count == 12)
            process.send_signal(signal.SIGINT)
            text, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, OK)
        report = json.loads(text)
        self.assertTrue(report["interrupted"])
        self.assertEqual((report["requests"]["succeeded"], report["requests"]["abandoned"],
                          report["requests"]["failed"]), (10, 2, 0))

    def test_progress_is_for_terminals(self):
        with ScriptedServer(lambda _: Answer(first=0.2, tokens=1)) as server:
            terminal, end = pty.openpty()
            process = self.start(server, "--count", 5, "--concurrency", 1, stdout=subprocess.PIPE,
                                 stderr=end)
            os.close(end)
            text, _ = process.communicate(timeout=60)
            shown = b""
            try:
                while piece := os.read(terminal, 65536):
                    shown += piece
            except OSError:
                pass  # the other end is closed
            os.close(terminal)
        self.assertIn("5 ok", text)
        self.assertIn("Loading [", shown.decode())
        self.assertRegex(shown.decode(), r"[1-4] done, 1 in flight")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-20:])


class RealServer(LoadTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server())
        cls.server.url = f"http://127.0.0.1:{cls.server.port}"

    def test_chat(self):
        report = self.load(self.server, "--count", 30, "--concurrency", 4, "--output-tokens", 16,
                           endpoint="/chat")
        self.assertEqual(report["requests"]["succeeded"], 30, report["failures"])
        self.assertEqual(report["tokens"]["counted_by"], "usage")
        self.assertTrue(30 <= report["tokens"]["output"] <= 30 * 16)
        self.assertLess(report["ttft_ms"]["p50"], report["total_ms"]["p50"])

    def test_prompt_lengths_are_exact(self):
        def prompt_tokens(length, prefix):
            report = self.load(self.server, "--count", 5, "--prompt-tokens", length,
                               "--shared-prefix", prefix, "--output-tokens", 1, "--extra-body",
                               '{"tasks": ["chat"]}', endpoint="/chat")
            self.assertEqual(report["tokens"]["prompt_lengths"], "exact")
            self.assertEqual(report["requests"]["succeeded"], 5, report["failures"])
            self.assertEqual(report["tokens"]["prompt"] % 5, 0)
            return report["tokens"]["prompt"] // 5
        template = prompt_tokens(1, 0) - 1
        for length, prefix in ((2, 0), (47, 0), (100, 0), (10, 1), (20, 33)):
            self.assertEqual(prompt_tokens(length, prefix), template + length + prefix)

    def test_decisions(self):
        for api in ("systemone", "decisions"):
            report = self.load(self.server, "--count", 12, "--concurrency", 3, "--questions", 4,
                               "--prompt-tokens", 40, endpoint=f"/v1/{api}")
            self.assertEqual(report["requests"]["succeeded"], 12, report["failures"])
            self.assertEqual(report["requests"]["questions_answered"], 48)
            self.assertEqual(report["tokens"]["counted_by"], "usage")
            self.assertEqual(report["tokens"]["output"], 0)
            self.assertGreaterEqual(report["tokens"]["prompt"], 48 * (40 + 10))
        # The text counts for every question and is computed for one of them; no text was seen before.
        share = report["tokens"]["cached"] / report["tokens"]["prompt"]
        self.assertTrue(0.3 < share < 0.75, report["tokens"])

    def test_refusals_are_counted(self):
        report = self.load(self.server, "--count", 3, "--extra-body", '{"temperature": -1}',
                           endpoint="/chat", code=FAILED)
        self.assertEqual(self.failures(report), {"http 400": 3})
        self.assertIn("temperature", report["failures"][0]["example"])


if __name__ == "__main__":
    unittest.main()
