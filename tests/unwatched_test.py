"""What a box in a cupboard does to `qaio serve` in months: terminals that close, limits that are
reached, files that are truncated. It says so and serves on.
"""

import contextlib
import http.client
import json
import os
import re
import resource
import signal
import sqlite3
import time
import unittest

from program import ProgramTest, Server, not_sanitized


class Unwatched(ProgramTest):
    def archive(self):
        return self.folder / f"{self.id()}.db"

    def ask(self, server, method, path, body=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def tokenize(self, server, count, text="good"):
        """Requests that must be answered."""
        for _ in range(count):
            status, body = self.ask(server, "POST", "/tokenize", json.dumps({"content": text}))
            self.assertEqual(status, 200, body)
        return count

    def eventually(self, server, condition, what):
        """Waits for it; the limit only finds what never comes."""
        end = time.monotonic() + 60
        while not condition():
            if time.monotonic() > end:
                self.fail(what + ":\n" + "".join(server.lines[-20:]))
            time.sleep(0.02)

    def said(self, server, text):
        self.eventually(server, lambda: any(text in line for line in server.lines),
                        f"{text!r} is not in the log")

    def written(self, server, count):
        """Waits until so many records are in the archive."""
        def so_many():
            metrics = self.ask(server, "GET", "/metrics")[1]
            return int(re.search(r'records_written_total{archive="sqlite"} (\d+)', metrics)[1]) >= count
        self.eventually(server, so_many, f"fewer than {count} records are written")

    def assert_archived(self, path, count):
        with contextlib.closing(sqlite3.connect(path)) as rows:
            self.assertEqual(rows.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            found = rows.execute("SELECT count(*), count(DISTINCT id) FROM requests"
                                 " WHERE path = '/tokenize'").fetchone()
        self.assertEqual(found, (count, count))

    def test_sighup_ends_nothing(self):
        with Server() as server:
            for _ in range(2):
                server.process.send_signal(signal.SIGHUP)
            self.said(server, "SIGHUP: the server goes on")
            self.tokenize(server, 3)
            self.assertEqual(server.stop(), 0)

    def test_a_limit_on_the_size_of_files_is_like_a_full_disk(self):
        path = self.archive()
        with Server("--archive", path) as server:
            pid = server.process.pid
            count = self.tokenize(server, 5)
            self.written(server, count)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            count += self.tokenize(server, 5)
            self.said(server, "archiving pauses")
            count += self.tokenize(server, 5)
            resource.prlimit(pid, resource.RLIMIT_FSIZE,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.said(server, "archiving goes on")
            count += self.tokenize(server, 5)
            self.assertEqual(server.stop(), 0)
        self.assert_archived(path, count)

    def test_a_truncated_shm_of_the_archive(self):
        path = self.archive()
        with Server("--archive", path) as server:
            count = 0
            for size in (0, 1, 20_000, 0):
                count += self.tokenize(server, 30)
                self.written(server, count)
                os.truncate(f"{path}-shm", size)
                count += self.tokenize(server, 30)
                self.written(server, count)
            self.said(server, "was truncated while it was in use")
            self.said(server, "archiving goes on")
            self.assertEqual(self.ask(server, "GET", "/report?last=100")[0], 200)
            self.assertEqual(server.stop(), 0)
        self.assert_archived(path, count)

    @not_sanitized("a limit of address space, of which they reserve terabytes")
    def test_no_more_memory_to_be_had(self):
        path = self.archive()
        with Server("--archive", path) as server:
            pid = server.process.pid
            self.tokenize(server, 50)
            with open(f"/proc/{pid}/statm") as statm:
                size = int(statm.read().split()[0]) * resource.getpagesize()
            resource.prlimit(pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
            large = json.dumps({"content": "one two three " * 60_000})
            short = 0  # answers that there was no memory for
            for _ in range(2):
                for method, what, body in (("POST", "/tokenize", large), ("GET", "/stats", None),
                                           ("GET", "/metrics", None), ("GET", "/report", None),
                                           ("GET", "/requests?limit=1000", None)):
                    try:
                        short += self.ask(server, method, what, body, timeout=0.5)[0] >= 500
                    except (OSError, http.client.HTTPException):
                        short += 1
            self.assertIsNone(server.process.poll(), "it ended:\n" + "".join(server.lines[-5:]))
            resource.prlimit(pid, resource.RLIMIT_AS,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.tokenize(server, 5)
            for what in ("/stats", "/metrics", "/report", "/requests"):
                self.assertEqual(self.ask(server, "GET", what)[0], 200, what)
            self.assertEqual(server.stop(), 0)
            self.assertGreater(short, 0, "memory was never short")


if __name__ == "__main__":
    unittest.main()
