"""Answers that nobody reads: whatever kind they are, all of them together cost the server no more than
--http-memory-mib, what the kernel holds for it included, and others are answered. The same of requests
that are never finished. QAIO_TEST_REQUESTS=4000 makes it the long version."""

import itertools
import json
import os
import time
import unittest

from abuse_cases import CHUNKED, HOST, get, post
from limits_test import allow_many_descriptors
from program import OK, ProgramTest, Server
from rough_clients_test import ask, chat, descriptors, metric, resident_mib
from wire import Wire, eventually

CLIENTS = int(os.environ.get("QAIO_TEST_REQUESTS", 700))
MEMORY_MIB = 40
CONNECTIONS_MAX = 1000  # 16 MiB are set aside for them
# What is none of the budget's: statistics and caches that fill up, and what the allocator keeps.
BESIDE_MIB = 24
MIB = 1 << 20


def json_post(path, **body):
    data = json.dumps(body).encode()
    return post(b"Content-Length: %d\r\n" % len(data), data, target=path.encode())


STREAM = dict(messages=[{"role": "user", "content": "x"}], stream=True, ignore_eos=True, max_tokens=400, logprobs=True,
              top_logprobs=20)
NEVER_READ = {
    "streams": json_post("/v1/chat/completions", **STREAM),
    "generated texts": json_post("/v1/completions", prompt="x", max_tokens=300, ignore_eos=True, logprobs=5),
    "tokens": json_post("/tokenize", content="a b " * 5000, with_pieces=True),
    "lists": get(b"/requests?limit=1000"), "a slow list": get(b"/requests?limit=1000&sort=slowest"),
    "tables": get(b"/requests?limit=1000&format=csv"), "timelines": get(b"/requests?limit=300&format=chrome"),
    "reports": get(b"/report"), "reports as pages": get(b"/report?format=html"), "comparisons": get(b"/compare"),
    "metrics": get(b"/metrics"), "many metrics": get(b"/metrics") * 30, "statistics": get(b"/stats") * 20,
    "the live view": get(b"/live"), "live events": get(b"/live/events"), "alerts": get(b"/slo") * 50,
    "the page": get(b"/") * 20, "errors": get(b"/nowhere") * 150, "long errors": get(b"/" + b"a" * 4000) * 30,
    "errors of bodies": json_post("/chat", **{"x" * 50_000: 1}) * 5,
    "refusals": get(b"/" + b"a" * 20_000), "probes": get() * 200, "quick lists": get(b"/v1/tasks") * 60,
}
NEVER_FINISHED = {
    "long heads": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 16_000,
    "many fields": b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 99,
    "whole heads": post(b"Content-Length: 5\r\nX: " + b"y" * 15_000 + b"\r\n", b""),
    "bodies": post(b"Content-Length: 1000000\r\n", b"x" * 999_999),
    "chunks": post(CHUNKED, b"f0000\r\n" + b"x" * 0xf0000 + b"\r\n"),
    "many chunks": post(CHUNKED, b"1\r\nx\r\n" * 20_000),
    "what is pipelined": chat() + get(b"/" + b"a" * 3000) * 30,
}


class Unread(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        allow_many_descriptors()

    def kernel_mib(self, server):
        """What the kernel holds to be sent by the server, with what it needs around it."""
        with open("/proc/net/tcp") as lines:
            port = f":{server.port:04X}"
            return sum(int(line.split()[4].split(":")[0], 16) for line in lines
                       if line.split()[1].endswith(port)) / MIB

    def hold(self, server, requests):
        """Sends each kind by many clients who take nothing; all is read again at the end. What was held at
        most, of memory and in the kernel."""
        clients = []
        for _, request in zip(range(CLIENTS), itertools.cycle(requests)):
            wire = Wire(server.port, receive_bytes=2048)
            wire.socket.setblocking(False)
            try:
                wire.socket.send(request)
            except OSError:
                pass
            clients.append(wire)
        most = 0
        since = time.monotonic()
        while time.monotonic() < since + 1.5:  # until it has not grown for so long
            held = resident_mib(server) + self.kernel_mib(server)
            if held > most + 0.25:
                most = held
                since = time.monotonic()
            time.sleep(0.02)
        self.assertEqual(json.loads(ask(server, "/health"))["status"], "ok")
        return most, clients

    def check(self, kinds):
        with Server("--threads", 1, "--http-memory-mib", MEMORY_MIB, "--connections-max", CONNECTIONS_MAX,
                    "--requests-max", 64) as server:
            with Wire(server.port) as wire:  # so that lists are long
                for _ in range(1000):
                    wire.send(json_post("/tokenize", content="x"))
                    self.assertEqual(wire.answer()[0], 200)
            for path in ("/report", "/report?format=html", "/compare", "/requests?limit=1000", "/live", "/metrics"):
                ask(server, path)
            used = descriptors(server)
            before = resident_mib(server)
            most, clients = self.hold(server, kinds.values())
            print(f"{len(kinds)} kinds, {CLIENTS} clients: {most - before:.1f} MiB more")
            self.assert_memory_less(most - before, MEMORY_MIB + BESIDE_MIB)
            for client in clients:
                client.reset()
            eventually(lambda: metric(server, "qaio_http_memory_bytes") == 0)
            eventually(lambda: descriptors(server) <= used + 1)
            eventually(lambda: metric(server, "qaio_sequences_running") == 0)
            self.assertEqual(server.stop(), OK)

    def test_answers(self):
        self.check(NEVER_READ)

    def test_requests(self):
        self.check(NEVER_FINISHED)

    def test_what_is_left_unread_still_counts(self):
        """An answer that the kernel took whole is no longer the server's, but memory all the same."""
        with Server("--threads", 1, "--http-memory-mib", MEMORY_MIB, "--connections-max", CONNECTIONS_MAX) as server:
            clients = []
            for count in (0, 100):
                for _ in range(count):
                    wire = Wire(server.port, receive_bytes=2048)
                    wire.send(json_post("/tokenize", content="a b " * 600, with_pieces=True))
                    clients.append(wire)
                eventually(lambda: metric(server, "qaio_http_connections") == count + 1)
                eventually(lambda: metric(server, "qaio_http_memory_bytes") >= count * 10_000)
            for wire in clients:  # who reads it gets it, and it counts no more
                self.assertEqual(wire.answer()[0], 200)
            eventually(lambda: metric(server, "qaio_http_memory_bytes") == 0)
            for wire in clients:
                wire.send(get())
                self.assertEqual(wire.answer()[0], 200)
                wire.close()

    def test_the_end_of_a_connection_waits_for_its_reader(self):
        with Server("--threads", 1, "--drain-timeout", 1) as server:
            readers = []
            for _ in range(2):
                wire = Wire(server.port, receive_bytes=2048)
                wire.send(json_post("/tokenize", content="a b " * 600, with_pieces=True)
                          .replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                readers.append(wire)
            eventually(lambda: metric(server, "qaio_http_memory_bytes") > 0)
            self.assertEqual(readers[0].answer()[0], 200)
            self.assertEqual(readers[0].rest(), b"")
            eventually(lambda: metric(server, "qaio_http_connections") == 2)
            self.assertEqual(server.stop(), OK)  # which does not wait for the other
            for wire in readers:
                wire.close()


if __name__ == "__main__":
    unittest.main()
