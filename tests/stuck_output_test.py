"""Nobody reads what `qaio serve` prints: a full pipe, a stopped terminal, a full disk. It serves,
archives and ends as always, and counts the lines that are lost.

The long version: QAIO_TEST_STUCK_SECONDS=60 python3 tests/stuck_output_test.py StuckLog
"""

import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import termios
import threading
import time
import unittest

from program import FAILED, QAIO, ProgramTest

DRAIN_SECONDS = 1
LOAD_SECONDS = float(os.environ.get("QAIO_TEST_STUCK_SECONDS", 0))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def full_pipe():
    """Both ends of a pipe that takes nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"\n")
    os.set_blocking(writer, True)
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


def read_for(fd, wanted, seconds=20):
    """What comes until `wanted` has."""
    text = b""
    end = time.monotonic() + seconds
    while wanted not in text and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            text += os.read(fd, 1 << 16)
    return text.decode(errors="replace")


class Stuck(ProgramTest):
    def setUp(self):
        self.port = free_port()

    @contextlib.contextmanager
    def serving(self, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        process = subprocess.Popen(
            [QAIO, "serve", "--port", str(self.port), "--drain-timeout", str(DRAIN_SECONDS),
             *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait_until_ready(self, process):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.assertIsNone(process.poll(), "it ended")
            with contextlib.suppress(OSError):
                if self.get("/health/ready")[0] == 200:
                    return
            time.sleep(0.05)
        self.fail("it did not become ready")

    def lines_dropped(self):
        text = self.get("/metrics")[1]
        return int(float(re.search(r"^qaio_log_lines_dropped_total (\S+)$", text, re.M)[1]))

    def ends(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DRAIN_SECONDS + 60), 0)

    def load(self, seconds, at_least=0):
        """Small requests of long lines by two clients; how many were answered."""
        counts = [0, 0]
        body = json.dumps({"content": "good"})
        end = time.monotonic() + seconds

        def client(which):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            with contextlib.closing(connection):
                while time.monotonic() < end or counts[which] < at_least:
                    longest_id = f"{which}-{counts[which]}-".ljust(128, "x")
                    connection.request("POST", "/tokenize", body, {"X-Request-Id": longest_id})
                    answer = connection.getresponse()
                    answer.read()
                    assert answer.status == 200, answer.status
                    counts[which] += 1
                    time.sleep(0.001)  # a busy machine's archive keeps up as well

        clients = [threading.Thread(target=client, args=(which,)) for which in range(2)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        return sum(counts)


class StuckLog(Stuck):
    # Far more lines than the pipe and the queue take.
    REQUESTS_OF_A_CLIENT = 3500

    def check(self, reader, stderr, gap_told=True):
        archive = self.folder / f"{self.id()}.db"
        with self.serving("--archive", archive, stderr=stderr) as process:
            self.wait_until_ready(process)
            answered = self.load(LOAD_SECONDS, self.REQUESTS_OF_A_CLIENT)
            stats = json.loads(self.get("/stats")[1])
            self.assertGreaterEqual(stats["windows"]["start"]["requests"], answered)
            self.assertEqual(stats["records_dropped"], 0)
            self.assertGreater(stats["log_lines_dropped"], 0)
            dropped = self.lines_dropped()
            self.assertGreater(dropped, 0)
            if gap_told:
                told = read_for(reader, b"missing here")
                self.assertRegex(told, r"\[qaio\] \[warning\] \d+ lines? (is|are) missing here")
                missing = int(re.search(r"(\d+) lines? (?:is|are) missing here", told)[1])
                self.assertGreaterEqual(missing, dropped)
                # It goes on, also once it is full again.
                self.load(0, 10)
                self.assertIn("[PERF]", read_for(reader, b"[PERF]"))
                self.load(0, self.REQUESTS_OF_A_CLIENT)
            self.ends(process)
        with contextlib.closing(sqlite3.connect(archive)) as rows:
            count = rows.execute("SELECT count(*) FROM requests WHERE path = '/tokenize'").fetchone()
        self.assertGreaterEqual(count[0], answered + (2 * 10 + 2 * self.REQUESTS_OF_A_CLIENT
                                                      if gap_told else 0))

    def test_a_pipe_that_nobody_reads(self):
        with full_pipe() as (reader, writer):
            flags = fcntl.fcntl(writer, fcntl.F_GETFL)
            self.check(reader, writer)
            self.assertEqual(fcntl.fcntl(writer, fcntl.F_GETFL), flags, "others share it")

    def test_a_terminal_that_is_stopped(self):
        master, slave = pty.openpty()
        try:
            termios.tcflow(slave, termios.TCOOFF)
            self.check(master, slave, gap_told=False)
        finally:
            os.close(master)
            os.close(slave)

    def test_a_terminal_that_has_gone(self):
        master, slave = pty.openpty()
        os.close(master)
        try:
            self.check(None, slave, gap_told=False)
        finally:
            os.close(slave)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.check(None, full, gap_told=False)

    def test_a_pipe_whose_reader_goes(self):
        reader, writer = os.pipe()
        archive = self.folder / f"{self.id()}.db"
        with self.serving("--archive", archive, stdout=writer, stderr=writer) as process:
            os.close(writer)
            self.wait_until_ready(process)
            self.load(0, 5)
            self.assertIn("[PERF]", read_for(reader, b"[PERF]"))
            os.close(reader)
            answered = 10 + self.load(0, 100)
            deadline = time.monotonic() + 20
            while self.lines_dropped() < 200 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertGreaterEqual(self.lines_dropped(), 200, "each line that could not be written")
            self.ends(process)
        with contextlib.closing(sqlite3.connect(archive)) as rows:
            self.assertEqual(rows.execute("SELECT count(*) FROM requests WHERE path = '/tokenize'")
                             .fetchone()[0], answered)


class StuckAtTheStart(Stuck):
    def test_a_full_stdout(self):
        with full_pipe() as (reader, writer):
            with self.serving(stdout=writer) as process:
                self.wait_until_ready(process)
                self.assertEqual(self.get("/stats")[0], 200)
                self.ends(process)

    def test_both_and_the_lines_come_when_they_are_read(self):
        with full_pipe() as (reader, writer):
            with self.serving(stdout=writer, stderr=writer) as process:
                self.wait_until_ready(process)
                text = read_for(reader, b"ready after")
                self.assertRegex(text, r"(?m)^listening on http://127\.0\.0\.1:\d+$")
                self.assertRegex(text, r"(?m)^ready after ")
                self.ends(process)

    def test_a_model_that_cannot_be_loaded(self):
        with full_pipe() as (_, writer):
            with self.serving("--model", self.folder / "nowhere", stdout=writer,
                              stderr=writer) as process:
                self.assertEqual(process.wait(20), FAILED)

    def test_sigterm_while_the_model_is_being_loaded(self):
        with full_pipe() as (_, writer):
            with self.serving(stdout=writer, stderr=writer) as process:
                while True:
                    with contextlib.suppress(OSError):
                        self.get("/health/live")
                        break
                self.ends(process)

    def test_closed_standard_files_are_not_taken_by_others(self):
        archive = self.folder / "closed.db"
        process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" >&- 2>&- <&-', "sh", QAIO, "serve", "--port", str(self.port),
             "--drain-timeout", str(DRAIN_SECONDS), "--archive", str(archive)])
        try:
            self.wait_until_ready(process)
            self.load(0, 10)
            self.ends(process)
        finally:
            process.kill()
            process.wait()
        with contextlib.closing(sqlite3.connect(archive)) as rows:
            self.assertEqual(rows.execute("PRAGMA integrity_check").fetchone()[0], "ok")


if __name__ == "__main__":
    unittest.main()
