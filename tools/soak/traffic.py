"""What the clients of a soak ask for: every endpoint, good and bad requests, clients that leave."""

import dataclasses
import hashlib
import json
import random

TEXTS = ["I love this phone, the camera is wonderful.", "The delivery was late and the box was broken.",
         "今天天气真好，我很开心。", "服务态度太差了，再也不来了。", "What should I cook tonight?",
         "My train was cancelled again.", "Tell me about your day.", "我想学习做饭，你有什么建议？",
         "The new update made everything slower.", "Thank you for your help yesterday!"]
REPLIES = ["That is good to hear.", "I see.", "好的，我明白了。"]


@dataclasses.dataclass
class Request:
    parts: list  # of bytes, sent with pauses in between
    closes: bool = False  # on a connection of its own
    pause_s: float = 0.0


@dataclasses.dataclass
class Kind:
    """One way to use the server. `make(random) -> (method, path, body)`; the body JSON or bytes."""
    name: str
    weight: float
    make: object
    statuses: tuple = (200,)
    scope: str = "run"
    leave: object = None  # as Client.ask() has it; a pair: a time in between
    same: object = None  # parsed answer -> what must be the same whenever the same is asked
    headers: dict = dataclasses.field(default_factory=dict)
    raw: bool = False  # the body is the whole request
    in_parts: bool = False
    heavy: bool = True  # counts among the latencies that are compared


def pick(rng):
    return rng.choice(TEXTS)


def history(rng):
    return [{"user": pick(rng), "bot": rng.choice(REPLIES)} for _ in range(rng.randrange(4))]


def chat(rng, **more):
    return {"input": pick(rng), "history": history(rng), "temperature": 0, "max_new_tokens": rng.choice([8, 16, 24]),
            **more}


def openai(rng, **more):
    return {"messages": [{"role": "user", "content": pick(rng)}], "temperature": rng.choice([0, 0.8]), "seed": 7,
            "max_tokens": rng.choice([8, 16, 32]), **more}


def systemone(rng):
    return {"state": {"text": pick(rng)}, "questions": {
        "team": {"type": "choice", "instructions": "Which team should answer?",
                 "criteria": {"billing": "Payments", "technical": None, "sales": None}},
        "anger": {"type": "score", "criteria": ["calm", "annoyed", "furious"]},
        "urgent": {"type": "noul", "instructions": "Must it be answered today?"}}}


def decisions(rng):
    return {"input": pick(rng), "questions": [
        {"type": "choice", "name": "team", "choices": [{"value": "billing"}, {"value": "technical"}]},
        {"type": "predicate", "name": "angry", "instructions": "The writer is angry."}]}


def post(path, make):
    return lambda rng: ("POST", path, make(rng))


def get(path):
    return lambda rng: ("GET", path, None)


def bad(path, body):
    return lambda rng: ("POST", path, body)


def deep(rng):
    return "POST", "/chat", b'{"input":' + b"[" * 5000 + b"]" * 5000 + b"}"


def kinds(with_keys):
    """Every kind, its weight in parts of the whole."""
    of_model = [
        Kind("chat", 18, post("/chat", chat), same=lambda a: (a["reply"], a["sentiment"], a["sentiment_score"])),
        Kind("chat stream", 8, post("/chat", lambda r: chat(r, stream=True))),
        Kind("chat, slow body", 1, post("/chat", chat), in_parts=True, heavy=False),
        Kind("task sentiment", 16, post("/v1/tasks/sentiment", lambda r: {"input": pick(r)}),
             same=lambda a: (a["label"], a["scores"])),
        Kind("openai chat", 8, post("/v1/chat/completions", openai), same=lambda a: a["choices"]),
        Kind("openai stream", 10, post("/v1/chat/completions", lambda r: openai(
            r, stream=True, stream_options={"include_usage": True}))),
        Kind("openai completion", 3, post("/v1/completions", lambda r: {
            "prompt": pick(r), "max_tokens": 8, "temperature": 0}), same=lambda a: a["choices"]),
        Kind("openai choice", 3, post("/v1/chat/completions", lambda r: openai(
            r, guided_choice=["yes", "no", "maybe"])), same=lambda a: a["choices"]),
        Kind("systemone", 6, post("/v1/systemone", systemone), same=lambda a: a["answers"]),
        Kind("decisions", 6, post("/v1/decisions", decisions), same=lambda a: a["answers"]),
        Kind("tokenize", 4, post("/tokenize", lambda r: {"content": pick(r) * r.choice([1, 50])}),
             same=lambda a: a["tokens"]),
        Kind("detokenize", 2, post("/detokenize", lambda r: {"tokens": [r.randrange(200) for _ in range(20)]}),
             same=lambda a: a["content"]),
    ]
    # Whoever leaves may be too late: then it was answered.
    leaving = [
        Kind("stream, left at its first text", 2, post("/v1/chat/completions", lambda r: openai(
            r, stream=True, max_tokens=400)), leave="first"),
        Kind("chat, left soon", 2, post("/chat", lambda r: chat(r, max_new_tokens=200)), leave=(0.001, 0.03)),
        Kind("decision, left soon", 1, post("/v1/decisions", decisions), leave=(0.0005, 0.01)),
    ]
    observing = [
        Kind("page", 0.5, get("/"), scope=None), Kind("health", 1, get("/health"), scope=None),
        Kind("models", 0.5, get("/v1/models")), Kind("tasks", 0.5, get("/v1/tasks")),
        Kind("requests", 0.5, get("/requests?limit=20"), scope="read"),
        Kind("slow requests", 0.3, get("/requests?limit=10&sort=slowest&task=chat"), scope="read"),
        Kind("timeline", 0.1, get("/requests?limit=50&format=chrome"), scope="read"),
        # Of so many records, or it would take longer the longer the soak goes on.
        Kind("report", 0.1, get("/report?last=500"), scope="read"),
        Kind("stats", 0.5, get("/stats"), scope="read"), Kind("live", 0.2, get("/live?range=2h"), scope="read"),
        Kind("slo", 0.5, get("/slo"), scope="read"), Kind("metrics", 0.7, get("/metrics"), scope="metrics"),
    ]
    wrong = [
        Kind("no JSON", 0.5, bad("/chat", b'{"input": "hi"'), (400,)),
        Kind("no UTF-8", 0.5, bad("/chat", b'{"input": "\xff\xfe"}'), (400,)),
        Kind("too deep", 0.2, deep, (400,)),
        Kind("unknown field", 0.5, bad("/chat", {"input": "hi", "temprature": 1}), (400,)),
        Kind("out of range", 0.5, bad("/v1/chat/completions", {"messages": [], "temperature": 99}), (400,)),
        Kind("unknown model", 0.3, bad("/v1/chat/completions", {
            "model": "gpt-unknown", "messages": [{"role": "user", "content": "hi"}]}), (404,)),
        Kind("no question", 0.3, bad("/v1/decisions", {"input": "hi", "questions": []}), (400,)),
        Kind("unknown task", 0.3, bad("/v1/tasks/none", {"input": "hi"}), (404,)),
        Kind("unknown path", 0.5, get("/admin.php"), (404,)),
        Kind("wrong method", 0.3, get("/chat"), (405,)),
        Kind("other site", 0.3, bad("/chat", {"input": "hi"}), (403,),
             headers={"Origin": "https://evil.example"}),
        Kind("too large", 0.05, lambda rng: ("POST", "/chat", b" " * ((1 << 20) + 1)), (413,)),
        Kind("no HTTP", 0.3, lambda rng: ("", "", b"HELO example.org\r\n\r\n"), (400,), raw=True),
        Kind("two lengths", 0.3, lambda rng: (
            "", "", b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}"),
            (400,), raw=True),
    ]
    if with_keys:
        wrong += [
            Kind("no key", 0.5, post("/chat", chat), (401,), scope=None),
            Kind("unknown key", 0.5, post("/chat", chat), (401,), scope=None,
                 headers={"Authorization": "Bearer qaio_aaaaaaaa_" + "b" * 43}),
            Kind("key of another scope", 0.5, post("/chat", chat), (403,), scope="metrics"),
        ]
    for kind in [*leaving, *observing, *wrong]:
        kind.heavy = False
    return [*of_model, *leaving, *observing, *wrong]


class Traffic:
    """Requests drawn at random, each with an id of its own."""

    def __init__(self, seed, keys=None):
        """`keys`: by scope; none: the server wants none."""
        self.rng = random.Random(seed)
        self.kinds = kinds(bool(keys))
        self.keys = keys or {}
        self.count = 0
        self._weights = [kind.weight for kind in self.kinds]
        self._known = {}  # what was asked -> the answer, for the kinds whose answers must be the same

    def draw(self):
        """(id, kind, Request, leave, key of the answer that must be the same)."""
        kind = self.rng.choices(self.kinds, self._weights)[0]
        return self.make(kind)

    def make(self, kind):
        self.count += 1
        request_id = f"soak-{self.count:08d}"
        method, path, body = kind.make(self.rng)
        if kind.raw:
            return request_id, kind, Request([body], closes=True), None, None
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"X-Request-Id: {request_id}"]
        if kind.scope in self.keys:
            lines.append(f"Authorization: Bearer {self.keys[kind.scope]}")
        lines += [f"{name}: {value}" for name, value in kind.headers.items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        closes = kind.weight > 0 and self.rng.random() < 0.05  # not of those that are asked for by name
        if closes:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode()
        parts = [head + (body or b"")]
        if kind.in_parts:
            parts = [head, body[:10], body[10:]]
        leave = self.rng.uniform(*kind.leave) if isinstance(kind.leave, tuple) else kind.leave
        same = hashlib.sha256(path.encode() + (body or b"")).digest() if kind.same else None
        return request_id, kind, Request(parts, closes=closes, pause_s=0.05), leave, same

    def fault(self, kind, answer, same):
        """What is wrong with an answer whose status was expected; "": nothing."""
        if answer.status != 200 or kind.name in ("page", "metrics", "report"):
            return ""
        if kind.name.endswith("stream"):
            text = answer.body
            return "" if b"[DONE]" in text or b"event: done" in text else "a stream without its end"
        try:
            value = json.loads(answer.body)
        except ValueError:
            return "an answer that is no JSON"
        if kind.same is None:
            return ""
        digest = hashlib.sha256(repr(kind.same(value)).encode()).digest()
        return "" if self._known.setdefault(same, digest) == digest else "another answer to the same request"
