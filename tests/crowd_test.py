"""Crowds of clients with the real program: those who close, who do not read, who do not finish, and more
than there are descriptors. QAIO_TEST_REQUESTS=5000 makes them the long versions. What they cost the
others is latency_timing_test.py's."""

import concurrent.futures
import os
import re
import socket
import subprocess
import time
import unittest

from limits_test import HEALTH, LimitsTest, allow_many_descriptors, answer, ask, connect, message, metric
from program import NO_DESCRIPTORS, OK, Server, descriptors, not_sanitized

REQUESTS = int(os.environ.get("QAIO_TEST_REQUESTS", 400))
DEAF = 2000 if "QAIO_TEST_REQUESTS" in os.environ else 600
SENTIMENT = message("/chat", {"input": "x", "tasks": ["sentiment"]})
MEMORY_MIB = 96


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) / 1024


def one_call(server):
    with connect(server) as client:
        client.sendall(SENTIMENT)
        return answer(client)[0]


class CrowdTest(LimitsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        allow_many_descriptors()


class Closed(CrowdTest):
    def calls(self, server, count, at_once):
        before = descriptors(server)
        with concurrent.futures.ThreadPoolExecutor(at_once) as threads:
            statuses = list(threads.map(lambda _: one_call(server), range(count)))
        self.assertEqual(set(statuses), {200})
        self.eventually(lambda: descriptors(server) <= before)

    def test_connections_go_when_their_clients_go(self):
        with Server() as server:
            one_call(server)
            self.calls(server, REQUESTS, at_once=1)
            self.calls(server, REQUESTS * 2 // 5, at_once=8)

    def test_curl_leaves_nothing_behind(self):
        with Server() as server:
            one_call(server)
            before = descriptors(server)
            for _ in range(REQUESTS // 4):
                subprocess.run(["curl", "-sf", "-o", os.devnull, "-d",
                                '{"input":"x","tasks":["sentiment"]}',
                                f"http://127.0.0.1:{server.port}/chat"], check=True)
            self.eventually(lambda: descriptors(server) <= before)


class Deaf(CrowdTest):
    """What clients make the server hold is bounded, and others are answered."""

    def deaf_clients(self, server, request, count):
        clients = []
        for _ in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(request)
            clients.append(client)
        return clients

    def most_mib(self, server):
        """What the server holds at most until that has not grown for a second."""
        most = 0
        since = time.monotonic()
        while time.monotonic() < since + 1:
            held = resident_mib(server)
            if held > most + 0.1:
                most = held
                since = time.monotonic()
            time.sleep(0.02)
        return most

    def around(self, server, make_deaf):
        """Makes the deaf clients and returns them; asks before and after."""
        for _ in range(20):
            self.assertEqual(one_call(server), 200)
        clients = make_deaf()
        for _ in range(20):
            self.assertEqual(one_call(server), 200)
        return clients

    def check(self, request, *options):
        with Server("--http-memory-mib", MEMORY_MIB, *options) as server:
            with connect(server) as client:  # there is much to list
                for _ in range(1000):
                    client.sendall(SENTIMENT)
                    self.assertEqual(answer(client)[0], 200)

            def make_deaf():
                before = resident_mib(server)
                clients = self.deaf_clients(server, request, DEAF)
                held = self.most_mib(server) - before
                print(f"resident memory grew by {held:.1f} MiB")
                self.assert_memory_less(held, MEMORY_MIB)
                return clients

            for client in self.around(server, make_deaf):
                client.close()
            self.eventually(lambda: descriptors(server) < 100)
            self.eventually(lambda: metric(server, "qaio_http_memory_bytes") == 0)
            self.eventually(lambda: metric(server, "qaio_http_connections") == 1)

    def test_lists_that_nobody_reads(self):
        self.check(b"GET /requests?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_lists_of_the_archive_that_nobody_reads(self):
        self.check(b"GET /requests?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                   "--archive", self.folder / "deaf.db", "--records-kept", 10)

    def test_timelines_that_nobody_reads(self):
        self.check(b"GET /requests?limit=500&format=chrome HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_tokens_that_nobody_reads(self):
        self.check(message("/tokenize", {"content": "a b " * 2500, "with_pieces": True}))

    def test_bodies_that_lack_a_byte(self):
        self.check(message("/chat", {"input": "x" * 1_000_000})[:-1])


class Descriptors(CrowdTest):
    def test_newcomers_are_told_when_none_is_left(self):
        # A limit that the server cannot raise, and less than its connections need.
        with Server(program_prefix=["prlimit", "--nofile=200:200"]) as server:
            self.assertTrue([line for line in server.lines if "ulimit -n" in line])
            idle = [connect(server) for _ in range(300)]
            for _ in range(20):
                with connect(server) as client:
                    client.sendall(SENTIMENT)
                    self.assertEqual(answer(client)[0], 503)
            for client in idle:
                client.close()
            self.eventually(lambda: one_call(server) == 200)
            self.assertEqual(server.stop(), OK)

    def test_what_stays_open_is_open_from_the_start(self):
        """Else it would take the descriptor that is kept for telling newcomers."""
        with Server() as server:
            used = descriptors(server)
            self.assertEqual(one_call(server), 200)
            metric(server, "process_resident_memory_bytes")
            self.eventually(lambda: descriptors(server) <= used)

    @not_sanitized(NO_DESCRIPTORS)
    def test_an_unforeseen_lack_is_told_too(self):
        """As when files take what connections were promised."""
        with Server() as server:
            used = descriptors(server)
            subprocess.run(["prlimit", f"--pid={server.process.pid}", f"--nofile={used + 5}"],
                           check=True)
            idle = [connect(server) for _ in range(5)]
            for client in idle[:3]:
                client.sendall(HEALTH)
                self.assertEqual(answer(client)[0], 200)
            for _ in range(5):
                with connect(server) as client:
                    client.sendall(HEALTH)
                    self.assertIn(answer(client)[0], (200, 503))
            for client in idle:
                client.close()
            self.eventually(lambda: ask(server)[0] == 200)


if __name__ == "__main__":
    unittest.main()
