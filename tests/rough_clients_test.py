"""Clients that are slow, that leave or reset at every stage, that pipeline, and ten thousand of them, with
the real server: each request gets its status or its record, and nothing of them is left behind.
QAIO_TEST_CONNECTIONS=100000 is the long version of the crowd."""

import concurrent.futures
import itertools
import json
import os
import re
import threading
import time
import unittest

from abuse_cases import BODY, CHUNKED, CHUNKS, LENGTH, get, post
from program import OK, ProgramTest, Server, descriptors
from wire import ENDED, Wire, archived, eventually

CONNECTIONS = int(os.environ.get("QAIO_TEST_CONNECTIONS", 10_000))
ALIVE = get(b"/health/live")
LONG = json.dumps({"messages": [{"role": "user", "content": "x"}], "max_tokens": 2000,
                   "ignore_eos": True}).encode()


def chat(body=LONG, fields=b""):
    return post(fields + b"Content-Length: %d\r\n" % len(body), body, target=b"/v1/chat/completions")


def with_id(raw, id):
    return raw.replace(b"\r\n", b"\r\nX-Request-Id: %s\r\n" % id.encode(), 1)


def ask(server, path):
    with Wire(server.port) as wire:
        wire.send(get(path.encode()))
        status, _, body = wire.answer()
        assert status == 200, body
        return body.decode()


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", ask(server, "/metrics"), re.MULTILINE)[1])


def records(server):
    return {record["request_id"]: record
            for record in json.loads(ask(server, "/requests?limit=1000"))["requests"]}


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) / 1024


class Slow(ProgramTest):
    """The time for a request to arrive is for all of it: a byte now and then does not stretch it."""

    # what comes at once, and then again and again
    WRITERS = {
        "no-more-of-a-head": (ALIVE[:20], b""), "a-head-by-bytes": (ALIVE[:20], b"a"),
        "fields-without-end": (ALIVE[:-2], b"a: b\r\n"), "only-a-line-feed": (ALIVE[:-2] + b"\r", b""),
        "a-body-never-sent": (post(LENGTH, b""), b""),
        "a-body-by-bytes": (post(b"Content-Length: 9000\r\n", b""), b" "),
        "half-a-body": (post(LENGTH, BODY[:8]), b""), "half-a-chunk": (post(CHUNKED, CHUNKS[:8]), b""),
        "chunks-without-end": (post(CHUNKED, b""), b"1\r\n \r\n"), "no-last-chunk": (post(CHUNKED, CHUNKS[:-5]), b""),
        "chunks-with-line-feeds": (post(CHUNKED, CHUNKS.replace(b"\r", b"")), b""),
        "a-size-by-bytes": (post(CHUNKED, b""), b"0"), "trailers-by-bytes": (post(CHUNKED, CHUNKS[:-2]), b"X"),
        "no-end-of-trailers": (post(CHUNKED, CHUNKS[:-2] + b"X: y\r\n"), b""),
        "nothing-to-continue": (post(b"Expect: 100-continue\r\n" + LENGTH, b""), b""),
    }

    def write(self, server, name, begin, more):
        """The status."""
        with Wire(server.port) as wire:
            wire.send(with_id(begin, name))
            wire.socket.settimeout(0.1)
            while True:
                try:
                    if wire.socket.recv(1, 2):  # MSG_PEEK
                        break
                    return ENDED
                except TimeoutError:
                    wire.send(more)
                except ConnectionError:
                    return ENDED
            wire.socket.settimeout(60)
            status, headers, _ = wire.answer()
            if status == 100:
                status, headers, _ = wire.answer()
            self.assertEqual(headers["Connection"], "close")
            return status

    def test_writers(self):
        archive = self.folder / "slow.db"
        with Server("--threads", 1, "--read-timeout", 1, "--archive", archive) as server:
            with concurrent.futures.ThreadPoolExecutor(len(self.WRITERS)) as threads:
                jobs = {name: threads.submit(self.write, server, name, *bytes)
                        for name, bytes in self.WRITERS.items()}
                for name, job in jobs.items():
                    with self.subTest(name):
                        self.assertEqual(job.result(), 408)
            self.assertEqual(server.stop(), OK)
        statuses = [status for status, *_ in archived(archive).values()]
        self.assertEqual(statuses, [408] * len(self.WRITERS))

    def test_idle_ones_end_without_a_word(self):
        with Server("--threads", 1, "--idle-timeout", 1) as server:
            wires = [Wire(server.port) for _ in range(4)]
            wires[1].send(b"\r\n")
            wires[2].send(ALIVE)
            self.assertEqual(wires[2].answer()[0], 200)
            # empty lines are no request, and do not stretch the time
            stop = threading.Event()

            def send_empty_lines():
                while not stop.wait(0.3):
                    wires[3].send(b"\r\n")

            sender = threading.Thread(target=send_empty_lines)
            sender.start()
            for wire in wires:
                self.assertIn(wire.answer()[0], (ENDED, 400))  # 400: of too many empty lines
            stop.set()
            sender.join()
            for wire in wires:
                wire.close()
            self.assertEqual(ask(server, "/health/live")[:1], "{")

    def test_a_reader_gets_all_in_the_end(self):
        with Server("--threads", 1) as server:
            with Wire(server.port) as wire:
                for _ in range(60):
                    wire.send(post(LENGTH, BODY))
                    self.assertEqual(wire.answer()[0], 200)
            with Wire(server.port, receive_bytes=4096) as wire:
                wire.send(get(b"/requests?limit=60"))
                seen = b""
                while not seen.endswith(b"0\r\n\r\n"):
                    piece = wire.socket.recv(509)
                    self.assertTrue(piece)
                    seen += piece
                    time.sleep(0.001)
                self.assertGreater(len(seen), 30_000)
                wire.send(ALIVE)
                self.assertEqual(wire.answer()[0], 200)


class Leaves(ProgramTest):
    STAGES = {
        "nothing sent": [], "an empty line": [b"\r\n"], "a byte": [b"G"], "half a line": [ALIVE[:9]],
        "half a head": [post(LENGTH, b"")[:40]], "a head": [post(LENGTH, b"")], "half a body": [post(LENGTH,
                                                                                                     BODY[:7])],
        "half a chunk": [post(CHUNKED, CHUNKS[:9])], "before trailers": [post(CHUNKED, CHUNKS[:-2])],
        "a quick answer": [ALIVE], "a text": [post(LENGTH, BODY)], "a list": [get(b"/requests")],
        "a report": [get(b"/report")], "a search": [get(b"/requests?slow=1")], "an error": [get(b"/nowhere")],
        "what is refused": [post(b"Content-Length: 9999999\r\n", b"x" * 70_000)],
        "what is no HTTP": [b"\x16\x03\x01\r\n\r\n"], "generation": [chat()],
        "a stream": [chat(LONG[:-1] + b',"stream":true}')], "live events": [get(b"/live/events")],
        "several": [ALIVE + post(LENGTH, BODY) + chat() + ALIVE], "a page": [get(b"/")],
    }

    def leave(self, server, how, pieces, wait):
        with Wire(server.port) as wire:
            wire.send(*pieces)
            if wait:
                wire.socket.settimeout(0.05)
                try:
                    wire.socket.recv(1)
                except OSError:
                    pass
            if how == "half":
                wire.socket.settimeout(60)
                wire.end_sending()
                if "events" not in repr(pieces):
                    wire.rest()
            elif how == "reset":
                wire.reset()

    def test_at_every_stage(self):
        """By closing, resetting, and closing only the way there, before and after something came."""
        with Server("--threads", 1, "--archive", self.folder / "leaves.db", "--drain-timeout", 60) as server:
            ask(server, "/report")
            ask(server, "/requests?slow=1")
            before = descriptors(server)
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                list(threads.map(lambda all: self.leave(server, *all), itertools.product(
                    ("close", "half", "reset"), self.STAGES.values(), (False, True))))
            self.assertEqual(json.loads(ask(server, "/health"))["status"], "ok")
            eventually(lambda: metric(server, "qaio_sequences_running") == 0)
            eventually(lambda: metric(server, "qaio_http_connections") == 1)
            eventually(lambda: metric(server, "qaio_http_memory_bytes") == 0)
            # SQLite keeps the descriptor of a file that was closed while another of its connections
            # held a lock, and gives it to the next that opens the file.
            eventually(lambda: descriptors(server) <= before + 1)
            found = records(server).values()
            self.assertTrue(any(record["status"] == 499 for record in found))
            self.assertTrue(all(record["status"] for record in found))
            self.assertEqual(server.stop(), OK)

    def test_behind_much_that_is_unread(self):
        """Of what is pipelined only so much is read ahead; a reset behind it is noticed all the same."""
        with Server("--threads", 1) as server:
            with Wire(server.port) as wire:
                wire.send(chat())
                eventually(lambda: metric(server, "qaio_sequences_running") == 1)
                wire.send(get(b"/" + b"a" * 4000) * 50)
                wire.reset()
            eventually(lambda: [line for line in server.lines if "status=499 POST" in line])
            line = next(line for line in server.lines if "status=499 POST" in line)
            self.assertLess(int(re.search(r" tokens=(\d+)", line)[1]), 1900)


class Pipelined(ProgramTest):
    """Many requests at once on one connection: answers in their order, none lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # little KV memory, which is touched one after another while the server runs
        cls.server = cls.enterClassContext(Server("--threads", 1, "--kv-tokens", 512))

    KINDS = (ALIVE, post(LENGTH, BODY), post(CHUNKED, CHUNKS), get(b"/nowhere"), get(b"/requests?limit=3"),
             post(b"Content-Length: 2\r\n", b"{}"), chat(LONG.replace(b"2000", b"2")), get(b"/metrics"))
    STATUSES = (200, 200, 200, 404, 200, 400, 200, 200)

    def requests(self, count):
        return [with_id(self.KINDS[i % len(self.KINDS)], f"n{i}") for i in range(count)]

    def check(self, wire, count):
        for i in range(count):
            status, headers, body = wire.answer()
            self.assertEqual((headers["X-Request-Id"], status), (f"n{i}", self.STATUSES[i % len(self.KINDS)]), body)

    def test_in_order(self):
        for size in (1 << 20, 1000, 61):
            raw = b"".join(self.requests(100))
            with Wire(self.server.port) as wire:
                sender = threading.Thread(
                    target=lambda: wire.send(*(raw[i:i + size] for i in range(0, len(raw), size))))
                sender.start()
                self.check(wire, 100)
                sender.join()
                wire.send(ALIVE)
                self.assertEqual(wire.answer()[0], 200)

    def test_a_bad_one_ends_it(self):
        for bad in (b"NOT HTTP\r\n\r\n", post(LENGTH + CHUNKED, CHUNKS), get(version=b"HTTP/1.2")):
            requests = self.requests(100)
            requests[48] = bad
            with Wire(self.server.port) as wire:
                wire.send(b"".join(requests))
                self.check(wire, 48)
                status, headers, _ = wire.answer()
                self.assertEqual((status, headers["Connection"]), (400, "close"))
                self.assertEqual(wire.rest(), b"")
        found = records(self.server)
        self.assertTrue(all(f"n{i}" in found for i in range(48) if self.requests(48)[i].startswith(b"POST")))

    def test_more_than_is_read_ahead(self):
        body = b'{"content":"' + b"a" * 5000 + b'"}'
        raw = b"".join(with_id(post(b"Content-Length: %d\r\n" % len(body), body), f"n{i}") for i in range(100))
        with Wire(self.server.port) as wire:
            first = with_id(chat(LONG.replace(b"2000", b"50")), "first")
            sender = threading.Thread(target=lambda: wire.send(first, raw))
            sender.start()
            self.assertEqual(wire.answer()[1]["X-Request-Id"], "first")
            for i in range(100):
                status, headers, _ = wire.answer()
                self.assertEqual((headers["X-Request-Id"], status), (f"n{i}", 200))
            sender.join()

    def test_a_connection_may_be_used_for_ever(self):
        """nginx ends one after 1000 requests to be rid of what it has allocated for them; here each
        request lets go of its own."""
        batch = ALIVE * 200
        with Wire(self.server.port) as wire:
            sizes = []
            for _ in range(20):
                wire.send(batch)
                for _ in range(200):
                    self.assertEqual(wire.answer()[0], 200)
                sizes.append(resident_mib(self.server))
            self.assert_memory_less(sizes[-1] - sizes[9], 8, sizes)


class Crowd(ProgramTest):
    KINDS = ([], [ALIVE], [ALIVE[:9]], [b"\x16\x03\x01\r\n\r\n"], [post(LENGTH, BODY[:7])])

    def test_ten_thousand_opened_and_dropped(self):
        with Server("--threads", 1, "--kv-tokens", 512) as server:
            def open_and_drop(number):
                wire = Wire(server.port)
                wire.send(*self.KINDS[number % len(self.KINDS)])
                wire.close() if number % 3 == 0 else wire.reset()

            def crowd(count):
                with concurrent.futures.ThreadPoolExecutor(4) as threads:
                    list(threads.map(open_and_drop, range(count)))
                eventually(lambda: metric(server, "qaio_http_connections") == 1)

            crowd(CONNECTIONS // 2)  # all that is kept of the last requests is filled by then
            before = descriptors(server), resident_mib(server)
            crowd(CONNECTIONS // 2)
            self.assertEqual(ask(server, "/health"), '{"status":"ok"}')
            eventually(lambda: descriptors(server) <= before[0])
            eventually(lambda: metric(server, "qaio_http_memory_bytes") == 0)
            self.assert_memory_less(resident_mib(server) - before[1], 8)  # the second half
            self.assertEqual(server.stop(), OK)


if __name__ == "__main__":
    unittest.main()
