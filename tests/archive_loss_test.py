"""What the archives lose, and what is told of it: a real server, and what happens to a box that nobody
watches: another process's lock, a full disk, another owner, a clock that is wrong, kill -9 under load.
How long others wait and how many seconds are lost is loss_timing_test.py's."""

import contextlib
import csv
import http.client
import multiprocessing
import os
import pathlib
import random
import re
import signal
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import program
from program import FAILED, OK, ProgramTest, Server

ROOT = os.geteuid() == 0
NOBODY = 65534
FAKETIME = next((library for place in (program.ROOT / "build/test-tools/usr/lib", pathlib.Path("/usr/lib"))
                 for library in place.glob("*/faketime/libfaketimeMT.so.1")), None)


def wait_until(check):
    """The first true result of check(); the limit only finds what never comes."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        result = check()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def send(port, number, request_id=None):
    """`number` requests that are answered at once, as they ask for nothing that there is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {} if request_id is None else {"X-Request-Id": request_id}
    for _ in range(number):
        connection.request("POST", "/no/such/path", b"{}", headers)
        response = connection.getresponse()
        assert response.status == 404, response.status
        response.read()
    connection.close()


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def count(archive, condition="method = 'POST'"):
    with sqlite3.connect(f"file:{archive}?mode=ro", uri=True, timeout=60) as database:
        return database.execute(f"SELECT count(*) FROM requests WHERE {condition}").fetchone()[0]


def written(server, kind):
    """By that archive of the server, as its metrics have it."""
    metrics = get(server.port, "/metrics")[1]
    return int(re.search(rf'records_written_total{{archive="{kind}"}} (\d+)', metrics)[1])


def holds(folder, text):
    """Whether one of the files does; they change their names when they are complete."""
    try:
        return any(text in file.read_text() for file in folder.iterdir())
    except FileNotFoundError:
        return False


class Lock:
    """Another process that writes the archive, and does not come to an end."""

    def __init__(self, archive):
        self.database = sqlite3.connect(archive, isolation_level=None, timeout=60)

    def __enter__(self):
        self.database.execute("BEGIN EXCLUSIVE")
        return self

    def __exit__(self, *_):
        self.database.execute("ROLLBACK")
        self.database.close()


class LossTest(ProgramTest):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.archive = self.place / "archive.db"

    def spools(self):
        return list(self.place.glob("archive.db.spool-*"))


class Locked(LossTest):
    def test_sigterm_loses_nothing(self):
        with Server("--archive", self.archive) as server:
            send(server.port, 200)
            wait_until(lambda: count(self.archive) == 200)
            with Lock(self.archive):
                send(server.port, 1500)
                self.assertEqual(server.stop(), OK)
            self.assertEqual(count(self.archive), 200)
            said = [line for line in server.lines if "the next start takes them up" in line]
            self.assertEqual(len(said), 1, server.lines[-5:])
        spool, = self.spools()
        self.assertIn(str(spool), said[0])
        self.assertEqual(stat.S_IMODE(spool.stat().st_mode), 0o600)
        self.assertIn("requests", self.ok_json("report", spool, "--json"))
        with Server("--archive", self.archive) as server:
            wait_until(lambda: count(self.archive) == 1700)
            self.assertTrue(any("took up 1500 records" in line for line in server.lines))
            self.assertIn('qaio_archive_records_lost_total{archive="sqlite"} 0',
                          get(server.port, "/metrics")[1])
        self.assertEqual(self.spools(), [])
        self.assertEqual(count(self.archive, "1 GROUP BY run ORDER BY run"), 1700)

    def test_a_lock_at_the_start_loses_nothing(self):
        with Server("--archive", self.archive) as server:
            send(server.port, 1)
        with Lock(self.archive):
            with Server("--archive", self.archive) as server:
                send(server.port, 1200)
                self.assertEqual(server.stop(), OK)
        with Server("--archive", self.archive):
            wait_until(lambda: count(self.archive) == 1201)

    def test_nothing_else_waits_for_it(self):
        folder = self.place / "csv"
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            with Lock(self.archive):
                for number in range(8):
                    self.beside_the_lock(server, folder, f"number-{number}")

    def beside_the_lock(self, server, folder, request_id):
        send(server.port, 1, request_id)
        self.assertEqual(get(server.port, "/stats")[0], 200)
        wait_until(lambda: holds(folder, f"{request_id},"))
        wait_until(lambda: any(f"[PERF] id={request_id} " in line for line in server.lines))


class Told(LossTest):
    @unittest.skipUnless(ROOT, "only root may mount a file system")
    def test_what_finds_no_place_at_the_end_is_told_by_the_exit_code(self):
        disk = self.place / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk],
                          capture_output=True).returncode != 0:
            self.skipTest("this system does not let tests mount")
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        for kind, options in (("sqlite", ["--archive", disk / "archive.db"]),
                              ("csv", ["--archive-csv", disk / "csv"])):
            with Server(*options) as server:
                send(server.port, 100)
                wait_until(lambda: written(server, kind) >= 100)
                with open(disk / "filler", "wb", buffering=0) as file:
                    try:
                        while file.write(b"x" * 512):
                            pass
                    except OSError:
                        pass
                send(server.port, 700)
                self.assertEqual(server.stop(), FAILED)
                last = server.lines[-1]
                self.assertRegex(last, r"\Aqaio: .*: \d+ records could not be archived and are lost: ")
                self.assertIn(str(options[1]), last)
            (disk / "filler").unlink()

    @unittest.skipUnless(ROOT, "only root can become another user")
    def test_what_another_user_owns_is_refused_at_the_start(self):
        def as_nobody(*arguments):
            return subprocess.run([program.QAIO, *map(str, arguments)], user=NOBODY, group=NOBODY,
                                  extra_groups=[], capture_output=True, text=True, timeout=60)
        try:
            runs = as_nobody("--version").returncode == OK
        except OSError:
            runs = False
        if not runs:
            self.skipTest("another user cannot run the program here")
        with Server("--archive", self.archive, "--archive-csv", self.place / "csv") as server:
            send(server.port, 3)
        for folder in (self.folder, self.place, self.place / "csv"):
            folder.chmod(0o755)
        self.archive.chmod(0o644)
        for options, reason in ((["--archive", self.archive], "this user may not write it"),
                                (["--archive", self.place / "new.db"], "Permission denied"),
                                (["--archive-csv", self.place / "csv"], "Permission denied"),
                                (["--archive-csv", self.place / "new"], "Permission denied")):
            result = as_nobody("serve", "--port", 0, *options)
            self.assertEqual(result.returncode, FAILED, result.stderr)
            self.assertRegex(result.stderr, r"\Aqaio: [^\n]+\n\Z")
            self.assertIn(str(options[1]), result.stderr)
            self.assertIn(reason, result.stderr)


class Private(LossTest):
    def test_nobody_else_may_read_what_was_said(self):
        self.archive.touch(0o644)  # as earlier versions made it
        folder = self.place / "csv"
        old = os.umask(0o022)
        self.addCleanup(os.umask, old)
        with Server("--archive", self.archive, "--archive-csv", folder, "--archive-csv-records", 2,
                    "--record-text") as server:
            send(server.port, 5)
            wait_until(lambda: count(self.archive) == 5)
            with Lock(self.archive):
                send(server.port, 5)
                wait_until(self.spools)
                files = [path for path in self.place.rglob("*") if path.is_file()]
                self.assertGreaterEqual(len(files), 5)
                for path in files:
                    self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
                self.assertEqual({path.suffix for path in files} - {".csv", ".part"},
                                 {".db", ".db-wal", ".db-shm", ".jsonl"})

    def test_no_cell_is_a_formula(self):
        folder = self.place / "csv"
        formula = "=A1+cmd|x"
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            send(server.port, 1, formula)
        file, = folder.glob("*.csv")
        for text in (file.read_text(), self.ok("export", self.archive)):
            line, = csv.DictReader(text.splitlines())
            self.assertEqual(line["request_id"], "'" + formula)


class Killed(LossTest):
    """docs/archive.md: SQLite loses what came in the last second, CSV in the last 250 ms. On a machine
    that is too busy to write in time it may be more, but nothing before what is kept."""

    def test_what_is_lost_on_a_busy_machine(self):
        for kill in range(int(os.environ.get("QAIO_TEST_KILLS", 2))):
            with self.subTest(kill=kill):
                self.setUp()
                self.kill_one(locked=kill % 2 == 1)

    def kill_one(self, locked):
        """`locked`: meanwhile another process writes the archive, and does not come to an end."""
        folder = self.place / "csv"
        load = [multiprocessing.Process(target=self.spin, daemon=True)
                for _ in range(2 * os.cpu_count())]
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            for process in load:
                process.start()
            try:
                answered = []  # (id, when)
                stop = threading.Event()

                def client():
                    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                    try:
                        while not stop.is_set():
                            request_id = f"n{len(answered)}"
                            connection.request("POST", "/no/such/path", b"{}",
                                               {"X-Request-Id": request_id})
                            connection.getresponse().read()
                            answered.append((request_id, time.monotonic()))
                    except (OSError, http.client.HTTPException):
                        pass  # it was killed
                thread = threading.Thread(target=client)
                thread.start()
                wait_until(lambda: len(answered) > 200)
                with Lock(self.archive) if locked else contextlib.nullcontext():
                    time.sleep(1 + random.random())
                    killed = time.monotonic()
                    server.stop(signal.SIGKILL)
                stop.set()
                thread.join()
            finally:
                for process in load:
                    process.kill()
                    process.join()
        with sqlite3.connect(self.archive) as database:
            in_sqlite = {row[0] for row in database.execute("SELECT request_id FROM requests")}
        for spool in self.spools():  # its last line may be half a one
            in_sqlite |= set(re.findall(r'^{"request_id":"([^"]*)"', spool.read_text(), re.M))
        in_csv = set()
        for path in folder.iterdir():
            in_csv |= {line["request_id"] for line in csv.DictReader(path.read_text().splitlines())}
        for name, kept, seconds in (("SQLite", in_sqlite, 1), ("CSV", in_csv, 0.25)):
            lost = [(number, when) for number, (request_id, when) in enumerate(answered)
                    if request_id not in kept]
            lost_s = killed - lost[0][1] if lost else 0
            print(f"{name}: {lost_s:.3f} s lost", end="; ")
            self.assertEqual([number for number, _ in lost],
                             list(range(len(answered) - len(lost), len(answered))), name)
            self.judge(name, lost_s, seconds)

    def judge(self, name, lost_s, seconds):
        pass

    @staticmethod
    def spin():
        while True:
            pass


class Clock(LossTest):
    @unittest.skipUnless(FAKETIME, "needs Debian's libfaketime, which `./dev test` unpacks")
    def test_a_start_with_a_clock_that_is_wrong_removes_nothing(self):
        with Server("--archive", self.archive, "--archive-csv", self.place / "csv",
                    "--archive-csv-records", 10) as server:
            send(server.port, 300)
        for days in ("+40d", "+4000d", "-20000d"):
            wrong = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": days, "DONT_FAKE_MONOTONIC": "1"}
            with Server("--archive", self.archive, "--archive-csv", self.place / "csv",
                        "--archive-csv-records", 10, environment=wrong) as server:
                send(server.port, 10)
                wait_until(lambda: count(self.archive) % 310 == 0 or count(self.archive) > 300)
                time.sleep(0.5)
        self.assertEqual(count(self.archive), 330)
        self.assertEqual(len(list((self.place / "csv").glob("*.csv"))), 33)
        self.assertGreater(count(self.archive, "arrived_unix_ms < 1577836800000"), 0, "it was wrong")


if __name__ == "__main__":
    unittest.main()
