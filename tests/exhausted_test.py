"""A server that has used up what the system gives it: file descriptors, memory (rlimit and control
group), threads. What cannot be had is refused, and it goes on when there is some again."""

import contextlib
import http.client
import os
import pathlib
import re
import resource
import socket
import subprocess
import threading
import time
import unittest

from faults import ROOT, FaultTest, archived, ask, cpu_seconds, eventually, metric, send, start_and_end
from program import FAILED, NO_DESCRIPTORS, OK, QAIO, Server, descriptors, not_sanitized
from slo_test import receiver_for, strict_config

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def limited(**limits):
    """Arguments that run a program with them, as prlimit takes them."""
    return ["prlimit", *(f"--{name}={value}" for name, value in limits.items())]


def limit(server, which, soft=None):
    """A limit of the running server; None: as much as it may have."""
    hard = resource.prlimit(server.process.pid, which)[1]
    resource.prlimit(server.process.pid, which, (hard if soft is None else soft, hard))


def running_in(group):
    """Arguments that run a program in this control group."""
    return ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]


class Crowd:
    """Clients that connect and say nothing."""

    def __init__(self, port, count):
        self.sockets = []
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(("127.0.0.1", port))
            self.sockets.append(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.sockets:
            client.close()


class Descriptors(FaultTest):
    def busy_cores(self, server, seconds=1.0):
        """What it uses of a core while nobody asks anything."""
        before = cpu_seconds(server.process.pid)
        time.sleep(seconds)
        return (cpu_seconds(server.process.pid) - before) / seconds

    def test_a_small_limit_from_the_start(self):
        self.side_by_side(self.serves_with, [(100,), (128,), (200,)])

    def serves_with(self, place, number):
        archive = place / "archive.db"
        with Server("--archive", archive, "--archive-csv", place / "csv", "--archive-csv-records", 5,
                    program_prefix=limited(nofile=number)) as server:
            self.waits_for(server, "as the system allows")
            with Crowd(server.port, 2 * number):
                # Those who take its places and say nothing lose them after 2 s.
                eventually(lambda: self.status(server) == 200)
                self.assertLess(self.busy_cores(server), 0.5)
            send_until_taken(server.port, [f"n{i}" for i in range(50)])
            self.assertEqual(server.stop(), OK, server.lines)
        kept = archived(archive)
        self.assertEqual(sorted(one for one in kept if one.startswith("n")),
                         sorted(f"n{i}" for i in range(50)))

    def test_too_small_a_limit_ends_the_start_with_a_sentence(self):
        for number in range(4, 24, 2):
            with self.subTest(limit=number):
                code, lines = start_and_end(["--archive", self.archive, "--archive-csv", self.place / "csv"],
                                            limited(nofile=number))
                if code != OK:
                    self.assertIn(code, (FAILED, 127), lines)  # 127: the linker's
                    self.assertRegex("".join(lines), r"(?i)too many open files|open shared object file|"
                                                     r"unable to open database file")

    @not_sanitized(NO_DESCRIPTORS)
    def test_none_left_while_it_runs(self):
        receiver = receiver_for(self)
        config = strict_config(self.place, {"kind": "webhook", "url": receiver.url("/hook"), "timeout": "2s"})
        folder = self.place / "csv"
        with Server("--config", config, "--archive", self.archive, "--archive-csv", folder,
                    "--archive-csv-records", 5) as server:
            send(server.port, [f"n{i}" for i in range(20)])
            eventually(lambda: (metric(server.port, "qaio_archive_records_written_total",
                                       '{archive="csv"}') or 0) >= 20)
            kept = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            self.on(kept, HEALTH, 200)  # the server has it
            limit(server, resource.RLIMIT_NOFILE, descriptors(server))  # there is none left
            with Crowd(server.port, 50):
                for number in range(20, 60):
                    self.on(kept, b"POST /no/such HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: n%d\r\n"
                                  b"Content-Length: 2\r\n\r\n{}" % number, 404)
                self.on(kept, b'POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n'
                              b'{"input": "a"}', 200)
                self.assertLess(self.busy_cores(server), 0.5)
                self.on(kept, HEALTH, 200)
                self.on(kept, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)
            limit(server, resource.RLIMIT_NOFILE)
            kept.close()
            self.assertEqual(eventually(lambda: self.status(server)), 200)
            send(server.port, [f"n{i}" for i in range(60, 80)])
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            eventually(lambda: receiver.events("/hook"), "the alert")
            self.assertEqual(ask(server.port, "GET", "/report")[0], 200)
            self.assertEqual(server.stop(), OK, server.lines[-3:])
        self.assertEqual(sorted(one for one in archived(self.archive) if one[:1] == "n"),
                         sorted(f"n{i}" for i in range(80)))
        rows = "".join(path.read_text() for path in folder.iterdir())
        for number in range(80):
            self.assertIn(f",n{number},", rows)

    @staticmethod
    def status(server):
        with contextlib.suppress(OSError):
            return ask(server.port, "GET", "/health", timeout=5)[0]

    def on(self, connection, request, status):
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        text = answer.read()
        self.assertEqual(answer.status, status, text)


def send_until_taken(port, ids):
    """As send(), by a client that tries again when there is no room."""
    for request_id in ids:
        def taken():
            with contextlib.suppress(OSError):
                return ask(port, "POST", "/no/such/path", {}, {"X-Request-Id": request_id})[0] == 404
        eventually(taken)


@not_sanitized("they reserve terabytes of address space")
class AddressSpace(FaultTest):
    """RLIMIT_AS and RLIMIT_DATA."""

    def test_too_little_at_the_start_is_a_sentence(self):
        ready = refused = 0
        for which in ("as", "data"):
            for mib in (60, 90, 120, 150, 180, 220, 260, 300):
                with self.subTest(which=which, mib=mib):
                    code, lines = start_and_end(
                        ["--archive", self.archive, "--archive-csv", self.place / "csv"],
                        limited(**{which: mib << 20}))
                    if code == OK:
                        ready += 1
                        continue
                    refused += 1
                    self.assertEqual(code, FAILED, lines)
                    self.assertRegex(lines[-1], r"\Aqaio: .*(ulimit -v|ulimit -d|out of memory)", lines)
        self.assertGreater(refused, 0)
        self.assertGreater(ready, 0)

    def test_data_is_refused_and_comes_again(self):
        large = {"content": "one two three " * 60_000}
        with Server("--archive", self.archive, "--read-timeout", 1) as server:
            send(server.port, [f"n{i}" for i in range(50)])
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            limit(server, resource.RLIMIT_DATA, int(re.search(r"VmData:\s+(\d+)", status)[1]) << 10)
            refused = 0
            for _ in range(3):
                for method, path, body in (("POST", "/tokenize", large), ("GET", "/metrics", None),
                                           ("GET", "/report", None), ("POST", "/chat", {"input": "a"}),
                                           ("GET", "/requests?limit=1000", None)):
                    try:
                        answered = ask(server.port, method, path, body, timeout=1)[0]
                        self.assertIn(answered, (200, 503, 500), path)
                        refused += answered != 200
                    except OSError:
                        refused += 1
            self.assertGreater(refused, 0)
            self.assertIsNone(server.process.poll(), server.lines[-3:])
            limit(server, resource.RLIMIT_DATA)
            eventually(lambda: Descriptors.status(server) == 200)
            self.assertEqual(ask(server.port, "POST", "/tokenize", large)[0], 200)
            send(server.port, [f"n{i}" for i in range(50, 100)])
            self.assertEqual(server.stop(), OK)
        kept = set(archived(self.archive))
        self.assertEqual({f"n{i}" for i in range(50, 100)} - kept, set())


class ControlGroup:
    """A group of its own with so much memory; v1, or v2 where its controller is there."""

    def __init__(self, test, mib):
        name = f"qaio-test-{os.getpid()}-{mib}"
        if not ROOT:
            test.skipTest("only root may make a control group")
        for top, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                          ("/sys/fs/cgroup", "memory.max")):
            self.folder = pathlib.Path(top) / name
            try:
                self.folder.mkdir()
                test.addCleanup(self.folder.rmdir)
                (self.folder / file).write_text(str(mib << 20))
                return
            except OSError:
                continue
        test.skipTest("this system does not let tests make a control group with a limit on memory")

    def failures(self):
        """How often the kernel ended a process of it."""
        for file in ("memory.oom_control", "memory.events"):
            with contextlib.suppress(OSError):
                found = re.search(r"^oom_kill (\d+)", (self.folder / file).read_text(), re.M)
                return int(found[1]) if found else 0
        return 0


class Group(FaultTest):
    def test_kv_memory_beyond_the_limit_is_refused_at_the_start(self):
        group = ControlGroup(self, 256)
        result = subprocess.run([*running_in(group.folder), QAIO, "serve", "--port", "0", "--kv-tokens",
                                 str(1 << 20)], capture_output=True, text=True, timeout=60,
                                stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, FAILED, result.stderr)
        self.assertRegex(result.stderr, rf"KV memory of 1048576 tokens takes \d+ MiB.*{group.folder} has "
                                        r"256 MiB in all: allow more, or choose at most --kv-tokens \d+")
        wanted = re.search(r"at most --kv-tokens (\d+)", result.stderr)[1]
        with Server("--kv-tokens", wanted, program_prefix=running_in(group.folder)) as server:
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            self.assertEqual(server.stop(), OK)
        self.assertEqual(group.failures(), 0)

    def test_it_lives_within_its_group(self):
        group = ControlGroup(self, 300)
        large = {"content": "one two three " * 60_000}
        with Server("--archive", self.archive, "--archive-csv", self.place / "csv",
                    "--http-memory-mib", 64, "--body-bytes-max", 1 << 20, "--connections-max", 64,
                    program_prefix=running_in(group.folder)) as server:
            statuses = []

            def client():
                for _ in range(10):
                    with contextlib.suppress(OSError):
                        statuses.append(ask(server.port, "POST", "/tokenize", large)[0])
            clients = [threading.Thread(target=client) for _ in range(16)]
            for one in clients:
                one.start()
            for one in clients:
                one.join()
            self.alive(server)
            self.assertLessEqual(set(statuses), {200, 503})
            self.assertIn(200, statuses)
            self.assertEqual(server.stop(), OK)
        self.assertEqual(group.failures(), 0)


class Threads(FaultTest):
    @unittest.skipUnless(os.path.isdir("/sys/fs/cgroup/pids") and ROOT, "needs the pids controller")
    def test_too_few_at_the_start_are_a_sentence(self):
        folder = pathlib.Path(f"/sys/fs/cgroup/pids/qaio-test-{os.getpid()}")
        try:
            folder.mkdir()
        except OSError:
            self.skipTest("this system does not let tests make a control group")
        self.addCleanup(folder.rmdir)
        refused = 0
        for count in range(1, 18):
            with self.subTest(count=count):
                (folder / "pids.max").write_text(str(count))
                code, lines = start_and_end(
                    ["--threads", "3", "--archive", self.archive, "--archive-csv", self.place / "csv"],
                    running_in(folder))
                if code == OK:
                    continue
                refused += 1
                self.assertEqual(code, FAILED, lines)
                self.assertRegex(lines[-1], r"\Aqaio: .*ulimit -u")
        self.assertGreater(refused, 5)


if __name__ == "__main__":
    unittest.main()
