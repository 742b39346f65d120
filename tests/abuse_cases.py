"""What abuse_test.py sends: the bytes, the status they get, and whether the connection goes on.

Where two programs could read the same bytes differently, this server refuses them and ends the
connection, so that nothing behind them is taken for a request (RFC 9112, 11.2). Where its own contract
(docs/http.md) says nothing, it does as nginx does; other choices are noted."""

import dataclasses
import json

GOES_ON, ENDS = True, False


@dataclasses.dataclass
class Case:
    name: str
    raw: bytes
    status: int | list  # of the answer, or of several
    goes_on: bool
    method: str = "GET"


HOST = b"Host: localhost\r\n"
BODY = b'{"content":"a"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"f\r\n" + BODY + b"\r\n0\r\n\r\n"
HIDDEN = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: hidden\r\n\r\n"


def get(target=b"/health", fields=b"", version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + HOST + fields + b"\r\n"


def post(fields, body, target=b"/tokenize"):
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


def content_length():
    """Of a body; what follows must not be taken for a request."""
    for value, status, goes_on in (
            (b"15", 200, GOES_ON), (b" \t15\t ", 200, GOES_ON), (b"0015", 200, GOES_ON),
            (b"+15", 400, ENDS), (b"-15", 400, ENDS), (b"-0", 400, ENDS), (b"1 5", 400, ENDS),
            (b"15,15", 400, ENDS), (b"15, 15", 400, ENDS), (b"15,", 400, ENDS), (b",15", 400, ENDS),
            (b"0xf", 400, ENDS), (b"f", 400, ENDS), (b"15;", 400, ENDS), (b"15.0", 400, ENDS),
            (b"1e1", 400, ENDS), (b"1_5", 400, ENDS), (b"", 400, ENDS), (b'"15"', 400, ENDS),
            (b"\xef\xbc\x91\xef\xbc\x95", 400, ENDS), (b"15\x00", 400, ENDS),
            (b"15\x0c", 400, ENDS), (b"\x0b15", 400, ENDS), (b"15\r", 400, ENDS),
            (b"18446744073709551631", 400, ENDS), (b"99999999999999999999999999", 400, ENDS),
            (b"9223372036854775807", 413, ENDS), (b"1048577", 413, ENDS)):
        yield Case(f"Content-Length {value}", post(b"Content-Length:" + value + b"\r\n", BODY), status,
                   goes_on)
    yield Case("two equal lengths (RFC 9110 allows either)", post(LENGTH + LENGTH, BODY + HIDDEN), 400, ENDS)
    yield Case("two lengths", post(LENGTH + b"Content-Length: 0\r\n", BODY + HIDDEN), 400, ENDS)
    yield Case("a length and chunks", post(LENGTH + CHUNKED, CHUNKS + HIDDEN), 400, ENDS)
    yield Case("chunks and a length", post(CHUNKED + b"Content-Length: 5\r\n", b"0\r\n\r\n" + HIDDEN), 400, ENDS)
    yield Case("a shorter length: the rest is no request", post(b"Content-Length: 5\r\n", BODY), [400, 400], ENDS)
    yield Case("no length", post(b"", b""), 400, GOES_ON)
    yield Case("a body of a GET", get(fields=b"Content-Length: 5\r\n") + b"hello", 200, GOES_ON)
    yield Case("of HEAD", b"HEAD /health HTTP/1.1\r\n" + HOST + b"\r\n", 200, GOES_ON, method="HEAD")
    yield Case("named by Connection", post(b"Connection: Content-Length\r\n" + LENGTH, BODY), 200, GOES_ON)


def transfer_encoding():
    for value, status, goes_on in (
            (b" chunked", 200, GOES_ON), (b"chunked", 200, GOES_ON), (b" CHUNKED", 200, GOES_ON),
            (b"\tchunked", 200, GOES_ON), (b" chunked \t", 200, GOES_ON),
            (b" \x0bchunked", 400, ENDS), (b" chunked\x0c", 400, ENDS), (b" chunked\x00", 400, ENDS),
            (b' "chunked"', 400, ENDS), (b" chunked,", 400, ENDS), (b" chunked;a=b", 400, ENDS),
            (b" xchunked", 400, ENDS), (b" chunkedx", 400, ENDS), (b" cow", 400, ENDS), (b"", 400, ENDS),
            (b" chunke\xc4\x91", 400, ENDS), (b" chunked, gzip", 400, ENDS), (b" identity", 400, ENDS),
            (b" ,chunked", 501, ENDS), (b" chunked, chunked", 501, ENDS), (b" gzip, chunked", 501, ENDS),
            (b" identity, chunked", 501, ENDS)):
        yield Case(f"Transfer-Encoding:{value}",
                   post(b"Transfer-Encoding:" + value + b"\r\n", CHUNKS + (b"" if goes_on else HIDDEN)),
                   status, goes_on)
    yield Case("twice", post(CHUNKED + CHUNKED, CHUNKS + HIDDEN), 400, ENDS)
    yield Case("in two fields", post(b"Transfer-Encoding: gzip\r\n" + CHUNKED, CHUNKS + HIDDEN), 501, ENDS)
    yield Case("of HTTP/1.0", b"POST /tokenize HTTP/1.0\r\n" + CHUNKED + b"\r\n" + CHUNKS, 400, ENDS)
    for name in (b"Transfer-Encoding ", b"Transfer-Encoding\t", b" Transfer-Encoding", b"Transfer-Encoding\x00",
                 b"Transfer-Encoding\r", b"X: y\nTransfer-Encoding", b"X: y\rTransfer-Encoding",
                 b"\xa0Transfer-Encoding"):
        yield Case(f"the name {name}", post(LENGTH + name + b": chunked\r\n", BODY + HIDDEN), 400, ENDS)
    yield Case("another name", post(LENGTH + b"Transfer_Encoding: chunked\r\n", BODY), 200, GOES_ON)
    for fold in (b"Transfer-Encoding:\r\n chunked\r\n", b"Transfer-Encoding: chu\r\n nked\r\n",
                 b"X: y\r\n\tTransfer-Encoding: chunked\r\n"):
        yield Case(f"folded: {fold}", post(fold, CHUNKS + HIDDEN), 400, ENDS)


def chunks():
    head = post(CHUNKED, b"")
    for name, body, status, goes_on in (
            ("plain", CHUNKS, 200, GOES_ON), ("upper case", CHUNKS.replace(b"f", b"F", 1), 200, GOES_ON),
            ("in many", b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n", 200, GOES_ON),
            ("leading zeros", b"000" + CHUNKS, 200, GOES_ON),
            ("an extension", CHUNKS.replace(b"\r", b";a=b;c\r", 1), 200, GOES_ON),
            ("a quoted one", CHUNKS.replace(b"\r", b';a="b;\\"c"\r', 1), 200, GOES_ON),
            ("an empty one", CHUNKS.replace(b"\r", b";\r", 1), 400, ENDS),
            ("a line feed in one", CHUNKS.replace(b"\r", b";a\n\r", 1), 400, ENDS),
            ("a carriage return in one", CHUNKS.replace(b"\r", b";a\rb\r", 1), 400, ENDS),
            ("0x", b"0x" + CHUNKS, 400, ENDS), ("+", b"+" + CHUNKS, 400, ENDS), ("-", b"-" + CHUNKS, 400, ENDS),
            ("a space before", b" " + CHUNKS, 400, ENDS),
            ("a space behind", CHUNKS.replace(b"\r", b" \r", 1), 400, ENDS),
            ("no size", b"\r\n" + CHUNKS, 400, ENDS), ("no number", b"g\r\n" + CHUNKS, 400, ENDS),
            ("beyond 64 bits", b"1000000000000000f\r\n" + BODY, 400, ENDS),
            ("all of 64 bits", b"ffffffffffffffff\r\n" + BODY, 413, ENDS),
            ("the sign of 64 bits", b"8000000000000000\r\n" + BODY, 413, ENDS),
            ("over the limit", b"100001\r\n" + BODY, 413, ENDS),
            ("together over it", b"80000\r\n" + b" " * 0x80000 + b"\r\n80001\r\n", 413, ENDS),
            ("shorter than said", b"10\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN, 400, ENDS),
            ("longer than said", b"e\r\n" + BODY + b"\r\n0\r\n\r\n" + HIDDEN, 400, ENDS),
            ("no line break behind", b"f\r\n" + BODY + b"0\r\n\r\n" + HIDDEN, 400, ENDS),
            ("half a line break", b"f\r" + BODY + b"\r\n0\r\n\r\n" + HIDDEN, 400, ENDS),
            ("a trailer", CHUNKS[:-2] + b"X: y\r\n\r\n", 200, GOES_ON),
            ("a trailer that ends it has no effect", CHUNKS[:-2] + b"Connection: close\r\n\r\n", 200, GOES_ON),
            ("a key in a trailer is none", CHUNKS[:-2] + b"Authorization: Bearer x\r\n\r\n", 200, GOES_ON),
            ("a length as trailer", CHUNKS[:-2] + b"Content-Length: 3\r\n\r\n", 400, ENDS),
            ("a coding as trailer", CHUNKS[:-2] + b"Transfer-Encoding: gzip\r\n\r\n", 400, ENDS),
            ("a bad trailer", CHUNKS[:-2] + b"X y\r\n\r\n", 400, ENDS),
            ("an endless size", b"0" * 100_000, 431, ENDS),
            ("an endless extension", b"f;" + b"a" * 100_000, 431, ENDS),
            ("endless trailers", CHUNKS[:-2] + b"X: y\r\n" * 20_000, 431, ENDS)):
        yield Case(f"chunks: {name}", head + body, status, goes_on)


def heads():
    line = b"GET /health HTTP/1.1\r\n"
    for name, raw, status, goes_on in (
            ("an empty line before", b"\r\n" + get(), 200, GOES_ON),
            ("a flood of empty lines", b"\r\n" * 1000 + get(), 400, ENDS),
            ("a line feed before", b"\n" + get(), 400, ENDS),
            ("line feeds alone", get().replace(b"\r", b""), 400, ENDS),
            ("one line feed", line + b"Host: localhost\nX: y\r\n\r\n", 400, ENDS),
            ("one at the end", line + HOST + b"\n", 400, ENDS),
            ("carriage returns alone", get().replace(b"\n", b""), 400, ENDS),
            ("one in a value", get(fields=b"X: a\rb\r\n"), 400, ENDS),
            ("two of them", line.replace(b"\r", b"\r\r") + HOST + b"\r\n", 400, ENDS),
            ("a folded value", get(fields=b"X: a\r\n b\r\n"), 400, ENDS),
            ("a folded first field", line + b" X: a\r\n" + HOST + b"\r\n", 400, ENDS),
            ("a space before the colon", get(fields=b"X : a\r\n"), 400, ENDS),
            ("of Host", line + b"Host : localhost\r\n\r\n", 400, ENDS),
            ("no colon", get(fields=b"Xabc\r\n"), 400, ENDS), ("no name", get(fields=b": a\r\n"), 400, ENDS),
            ("a name that is no token", get(fields=b"X(a): a\r\n"), 400, ENDS),
            ("a name of other letters", get(fields=b"X\xc3\xa4: a\r\n"), 400, ENDS),
            ("NUL in a value", get(fields=b"X: a\x00b\r\n"), 400, ENDS),
            ("NUL in a name", get(fields=b"X\x00: a\r\n"), 400, ENDS),
            ("a control character", get(fields=b"X: a\x01b\r\n"), 400, ENDS),
            ("DEL", get(fields=b"X: a\x7fb\r\n"), 400, ENDS),
            ("bytes that are no text", get(fields=b"X: a\xff\xfeb\r\n"), 200, GOES_ON),
            ("an empty value", get(fields=b"X:\r\n"), 200, GOES_ON),
            ("no Host", line + b"\r\n", 400, ENDS), ("two Hosts", get(fields=HOST), 400, ENDS),
            ("two Hosts of HTTP/1.0", get(fields=HOST, version=b"HTTP/1.0"), 400, ENDS),
            ("an empty Host", line + b"Host:\r\n\r\n", 400, ENDS),
            ("a list of them", line + b"Host: localhost, evil.example\r\n\r\n", 400, ENDS),
            ("a Host with a user", line + b"Host: a@localhost\r\n\r\n", 400, ENDS),
            ("another's Host", line + b"Host: evil.example\r\n\r\n", 403, ENDS),
            ("100 fields", get(fields=b"a: b\r\n" * 99), 200, GOES_ON),
            ("101 fields", get(fields=b"a: b\r\n" * 100), 431, ENDS),
            ("thousands of fields", get(fields=b"a: b\r\n" * 20_000), 431, ENDS),
            ("a long field", get(fields=b"X: " + b"y" * 15_000 + b"\r\n"), 200, GOES_ON),
            ("one too long", get(fields=b"X: " + b"y" * 17_000 + b"\r\n"), 431, ENDS),
            ("one without end", line + HOST + b"X: " + b"y" * 200_000, 431, ENDS),
            ("a name without end", line + HOST + b"X" * 200_000, 431, ENDS),
            ("Connection: close", get(fields=b"Connection: close\r\n"), 200, ENDS),
            ("close among others", get(fields=b"Connection: keep-alive, close\r\n"), 200, ENDS),
            ("nonsense in Connection", get(fields=b"Connection: ;;;\r\n"), 400, ENDS)):
        yield Case(f"head: {name}", raw, status, goes_on)


def request_lines():
    for version, status in (
            (b"HTTP/0.9", 400), (b"HTTP/1.2", 400), (b"HTTP/1.9", 400), (b"HTTP/1.10", 400), (b"HTTP/1.", 400),
            (b"HTTP/2.0", 400), (b"HTTP/2", 400), (b"HTTP/3.0", 400), (b"HTTP/11.1", 400), (b"HTTP/01.1", 400),
            (b"http/1.1", 400), (b"HTTP/1.1 ", 400), (b" HTTP/1.1", 400), (b"HTTP/1.1x", 400), (b"HTTP /1.1", 400),
            (b"HTTP/1.0x", 400), (b"ICY/1.1", 400), (b"HTTP/-1.1", 400), (b"HTTP/1,1", 400)):
        yield Case(f"version {version}", get(version=version), status, ENDS)
    yield Case("HTTP/1.0", get(version=b"HTTP/1.0"), 200, ENDS)
    yield Case("HTTP/1.0, kept alive", get(version=b"HTTP/1.0", fields=b"Connection: keep-alive\r\n"), 200, GOES_ON)
    yield Case("HTTP/0.9", b"GET /health\r\n\r\n", 400, ENDS)
    yield Case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", 400, ENDS)
    yield Case("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 60, 400, ENDS)
    for name, line in (("tabs", b"GET\t/health\tHTTP/1.1"), ("two spaces", b"GET  /health HTTP/1.1"),
                       ("a space in the target", b"GET /hea lth HTTP/1.1"), ("no target", b"GET  HTTP/1.1"),
                       ("no method", b" /health HTTP/1.1"), ("a method that is no token", b"G(T /health HTTP/1.1"),
                       ("NUL in the method", b"G\x00ET /health HTTP/1.1"), ("a lone word", b"GET"),
                       ("NUL in the target", b"GET /hea\x00lth HTTP/1.1"), ("DEL in it", b"GET /health\x7f HTTP/1.1"),
                       ("a bell in it", b"GET /health\x07 HTTP/1.1")):
        yield Case(name, line + b"\r\n" + HOST + b"\r\n", 400, ENDS)
    yield Case("a target without end", b"GET /" + b"a" * 200_000, 431, ENDS)
    yield Case("a method without end", b"G" * 200_000, 431, ENDS)
    yield Case("a long method", b"G" * 5000 + b" /health HTTP/1.1\r\n" + HOST + b"\r\n", 405, GOES_ON)
    for method in (b"get", b"Get", b"FOO", b"DELETE", b"PUT", b"PATCH", b"TRACE", b"PROPFIND", b"PURGE", b"POST",
                   b"OPTIONS", b"M-SEARCH"):
        yield Case(f"method {method}", method + b" /health HTTP/1.1\r\n" + HOST + b"\r\n", 405, GOES_ON)
    # nginx says 405, without naming a method that would do
    for target in (b"localhost:80", b"/health", b"evil.example:443"):
        yield Case(f"CONNECT {target}", b"CONNECT " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n" + HIDDEN, 501, ENDS)


def targets():
    for target, status, goes_on in (
            (b"http://localhost/health", 200, GOES_ON), (b"HTTP://LOCALHOST:80/health", 200, GOES_ON),
            (b"http://localhost", 200, GOES_ON), (b"http://localhost?a=b", 200, GOES_ON),
            (b"https://127.0.0.1/health", 200, GOES_ON),
            (b"http://evil.example/health", 403, ENDS), (b"http://localhost@evil.example/health", 400, ENDS),
            (b"http:///health", 400, ENDS), (b"http:/health", 400, ENDS), (b"ftp://localhost/health", 400, ENDS),
            (b"localhost:80", 400, ENDS), (b"health", 400, ENDS), (b"*", 400, ENDS), (b"?a=b", 400, ENDS),
            (b"\\health", 400, ENDS), (b"%2fhealth", 400, ENDS),
            # No path is made another one: what a proxy in front has checked is what is looked up here.
            (b"/../health", 404, GOES_ON), (b"/./health", 404, GOES_ON), (b"//health", 404, GOES_ON),
            (b"/health/", 404, GOES_ON), (b"/health/.", 404, GOES_ON), (b"/HEALTH", 404, GOES_ON),
            (b"/%68ealth", 404, GOES_ON), (b"/%2e%2e/health", 404, GOES_ON), (b"/health%00", 404, GOES_ON),
            (b"/health%2f", 404, GOES_ON), (b"/health%20", 404, GOES_ON), (b"/health;a=b", 404, GOES_ON),
            (b"/health#a", 404, GOES_ON), (b"/x/..;/health", 404, GOES_ON), (b"/%", 404, GOES_ON),
            (b"/%zz", 404, GOES_ON), (b"/a\\b", 404, GOES_ON), (b'/"<>|{}^`', 404, GOES_ON),
            (b"/h\xc3\xa4lth", 404, GOES_ON), (b"/\xff\xfe", 404, GOES_ON), (b"/\xc0\xaf\xc0\xaf", 404, GOES_ON),
            (b"/" + b"a" * 15_000, 404, GOES_ON), (b"/" * 15_000, 404, GOES_ON), (b"/../" * 3_000, 404, GOES_ON),
            (b"/assets/..", 404, GOES_ON), (b"/assets/../index.html", 404, GOES_ON),
            (b"/assets/%2e%2e%2findex.html", 404, GOES_ON), (b"/assets/%00", 404, GOES_ON),
            (b"/assets/" + b"a" * 10_000, 404, GOES_ON), (b"/requests/%00", 404, GOES_ON),
            (b"/requests/%ff%fe", 404, GOES_ON), (b"/requests/..%2f..%2fetc%2fpasswd", 404, GOES_ON),
            (b"/requests/'%20or%201=1--", 404, GOES_ON), (b"/requests/" + b"%22" * 4000, 404, GOES_ON),
            (b"/v1/models/" + b"%c0%af" * 1000, 404, GOES_ON), (b"/v1/tasks/..%2f", 405, GOES_ON),
            (b"/health?", 200, GOES_ON), (b"/health???&&=&a=%", 200, GOES_ON),
            (b"/health?" + b"a=b&" * 3_500, 200, GOES_ON)):
        yield Case(f"target {target[:40]}", get(target), status, goes_on)
    yield Case("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404, GOES_ON)
    for query, status in (
            (b"limit=1", 200), (b"%6cimit=1", 200), (b"limit=1&limit=1", 400), (b"limit=%00", 400),
            (b"limit=-1", 400),
            (b"limit=1e9", 400), (b"limit=99999999999999999999", 400), (b"limit=nan", 400), (b"limit", 400),
            (b"&" * 15_000, 200), (b"a=b&" * 3_500, 400), (b"%ff=1", 400), (b"%00%0d%0aSet-Cookie:x=1", 400),
            (b"a" * 15_000, 400), (b"%27" * 4_000 + b"=1", 400), (b"limit=1;DROP", 400), (b"limit[]=1", 400)):
        yield Case(f"query {query[:40]}", get(b"/requests?" + query), status, GOES_ON)


def offers():
    """Expectations, ranges, other protocols: what may be declined without a word."""
    expect = b"Expect: 100-continue\r\n"
    for name, raw, status, goes_on in (
            ("a continuation", post(expect + LENGTH, BODY), [100, 200], GOES_ON),
            ("in any case", post(expect.replace(b"c", b"C") + LENGTH, BODY), [100, 200], GOES_ON),
            ("of chunks", post(expect + CHUNKED, CHUNKS), [100, 200], GOES_ON),
            ("without a body", get(fields=expect), 200, GOES_ON),
            ("of an empty one", post(expect + b"Content-Length: 0\r\n", b""), 400, GOES_ON),
            ("of HTTP/1.0", post(expect + LENGTH, BODY).replace(b"HTTP/1.1", b"HTTP/1.0"), 200, ENDS),
            ("of too much", post(expect + b"Content-Length: 9999999\r\n", b""), 413, ENDS),
            ("twice", post(expect + expect + LENGTH, BODY), 417, ENDS),
            ("and more", post(b"Expect: 100-continue, x\r\n" + LENGTH, BODY), 417, ENDS),
            ("another", post(b"Expect: 200-ok\r\n" + LENGTH, BODY), 417, ENDS),
            ("an empty one", post(b"Expect:\r\n" + LENGTH, BODY), 417, ENDS)):
        yield Case(f"expects {name}", raw, status, goes_on)
    for name, fields in (
            ("a range", b"Range: bytes=0-3\r\n"), ("no range", b"Range: bytes=9-3,x,-\r\n"),
            ("a thousand ranges", b"Range: bytes=" + b",".join(b"%d-%d" % (i, i) for i in range(1000)) + b"\r\n"),
            ("a condition", b"If-None-Match: *\r\nIf-Modified-Since: x\r\nIf-Range: y\r\n"),
            ("websocket", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
            ("h2c", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
            ("TLS", b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"),
            ("a coding", b"Accept-Encoding: " + b"gzip;q=0.1," * 500 + b"\r\n"), ("TE", b"TE: trailers, x;q=9\r\n"),
            ("hops", b"Max-Forwards: 0\r\nVia: " + b"1.1 x," * 500 + b"\r\n"),
            ("another method", b"X-HTTP-Method-Override: DELETE\r\n"), ("another path", b"X-Original-URL: /live\r\n"),
            ("cookies", b"Cookie: " + b"a=b; " * 2000 + b"\r\n")):
        yield Case(f"offers {name}", get(fields=fields), 200, GOES_ON)
    yield Case("an upgrade with a body", post(b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + LENGTH, BODY), 200,
               GOES_ON)
    yield Case("an encoded body", post(b"Content-Encoding: gzip\r\n" + LENGTH, BODY), 415, ENDS)


def bodies():
    """JSON that is none, too deep or too large, for every kind of endpoint that takes it."""
    text = '"\\u4f60"'
    for path, good in (("/chat", {"input": "x", "tasks": ["sentiment"]}), ("/v1/tasks/sentiment", {"input": "x"}),
                       ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 1}),
                       ("/v1/completions", {"prompt": "x", "max_tokens": 1}), ("/tokenize", {"content": "x"}),
                       ("/detokenize", {"tokens": [1]}),
                       ("/v1/decisions", {"input": "x", "questions": [{"type": "predicate", "instructions": "y"}]}),
                       ("/v1/systemone", {"state": "x", "questions": {"a": {"type": "noul"}}})):
        whole = json.dumps(good).encode()
        first = next(iter(good)).encode()
        for name, body, status in (
                ("as it should be", whole, 200), ("with a byte order mark", b"\xef\xbb\xbf" + whole, 200),
                ("cut short", whole[:-1], 400), ("and more", whole + b"x", 400), ("two values", whole + whole, 400),
                ("NUL behind", whole + b"\0", 400), ("a comment", b"/**/" + whole, 400),
                ("in UTF-16", whole.decode().encode("utf-16"), 400),
                ("100,000 brackets", b"[" * 100_000, 400), ("closed ones", b"[" * 50_000 + b"]" * 50_000, 400),
                ("100,000 braces", b'{"a":' * 100_000, 400),
                ("deep in an unknown member", whole[:-1] + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400),
                ("an overlong slash", whole[:-1] + b',"x":"\xc0\xaf"}', 400),
                ("an overlong NUL", whole[:-1] + b',"x":"\xc0\x80"}', 400),
                ("beyond Unicode", whole[:-1] + b',"x":"\xf4\x90\x80\x80"}', 400),
                ("half a pair in UTF-8", whole[:-1] + b',"x":"\xed\xa0\x80"}', 400),
                ("a byte of no character", whole[:-1] + b',"x":"\xff"}', 400),
                ("half an escape", whole[:-1] + b',"x":"\\ud800"}', 400),
                ("bytes in a name", whole[:-1] + b',"\xff":1}', 400),
                ("a number without end", b'{"' + first + b'":' + b"9" * 100_000 + b"}", 400),
                ("a large exponent", b'{"' + first + b'":1e999999999999999999}', 400),
                ("a name of 200,000 bytes", whole[:-1] + b',"' + b"n" * 200_000 + b'":1,"timeout_ms":0}', 400),
                ("a value of 200,000 bytes", b'{"model":"' + b"m" * 200_000 + b'","timeout_ms":"' + b"t" * 200_000 +
                 b'",' + whole[1:], 400),
                ("NaN", b'{"' + first + b'":NaN}', 400), ("a string", text.encode(), 400), ("nothing", b"", 400),
                ("null", b"null", 400), ("a member twice", whole[:-1] + b"," + whole[1:], 400),
                ("escaped", whole[:-1] + b',"\\u00%02x' % first[0] + first[1:] + b'":"y"}', 400),
                ("deeper", whole[:-1] + b',"x":[{"y":1,"y":1}]}', 400),
                ("50,000 members", b"{" + b",".join(b'"a%d":1' % i for i in range(50_000)) + b',"timeout_ms":0}',
                 400)):
            fields = b"Content-Length: %d\r\n" % len(body)
            yield Case(f"{path}: {name}", post(fields, body, target=path.encode()), status, GOES_ON)
