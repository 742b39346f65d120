"""kill -9 at any moment under load: the archives hold what was promised, nothing twice, nothing piles
up beside them, and the next start works at once on the same port.

The long version: QAIO_TEST_KILLS=200 python3 tests/killed_test.py
"""

import contextlib
import csv
import http.client
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from faults import FaultTest, archived, ask, eventually
from program import OK, QAIO, Server
from stuck_output_test import free_port

KILLS = int(os.environ.get("QAIO_TEST_KILLS", 6))
CLIENTS = 3
# docs/archive.md promises a second of SQLite and 250 ms of CSV on a machine that has time to write;
# loss_timing_test.py judges that. Here a limit catches what is not written at all.
LOST_MAX_S = {"SQLite": 8, "CSV": 8}


class Load:
    """Clients that ask again and again, also while the server starts, and know what was answered."""

    def __init__(self, port):
        self.port = port
        self.answered = []  # (id, when) of POSTs, in no order between clients
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(which,)) for which in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, which):
        number = 0
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                while not self.stop.is_set():
                    number += 1
                    request_id = f"c{which}-{time.monotonic_ns()}"
                    if number % 50 == 0:
                        path, body = "/chat", {"input": "a", "max_new_tokens": 4}
                    elif number % 10 == 0:
                        path, body = "/tokenize", {"content": "今天 " * 50}
                    else:
                        path, body = "/no/such/path", {}
                    connection.request("POST", path, json.dumps(body), {"X-Request-Id": request_id})
                    answer = connection.getresponse()
                    answer.read()
                    self.answered.append((request_id, time.monotonic()))
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)  # it is dead, or not yet there
            finally:
                connection.close()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Killed(FaultTest):
    def test_at_random_moments(self):
        folder = self.place / "csv"
        port = free_port()
        chance = random.Random()
        kills = []  # (when)
        worst = {"SQLite": 0.0, "CSV": 0.0}
        command = [QAIO, "serve", "--port", str(port), "--archive", self.archive, "--archive-csv", folder,
                   "--archive-csv-records", "50"]
        load = Load(port)
        try:
            for kill in range(KILLS):
                with self.subTest(kill=kill):
                    log = open(self.place / "log", "w+")
                    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
                    # Now and then while it starts; more often under load.
                    moment = chance.choice([0.2, 1, 2])
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(moment * chance.random())
                        self.fail("it ended by itself:\n" + (self.place / "log").read_text()[-1000:])
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills.append(time.monotonic())
                    log.close()
                    self.nothing_piles_up(folder)
                    if self.archive.exists():
                        self.look_at(folder, load, kills, worst)
            with Server("--archive", self.archive, "--archive-csv", folder, "--archive-csv-records", "50",
                        port=port) as server:
                self.assertEqual(server.port, port, "the same at once")
                before = len(load.answered)
                eventually(lambda: len(load.answered) > before + 50, "answers")
                load.end()
                self.assertEqual(server.stop(), OK)
        finally:
            load.end()
        self.look_at(folder, load, kills, worst)
        self.assertEqual([path for path in self.place.rglob("*") if path.is_file() and not re.search(
            r"(\.csv|archive\.db|/log)$", str(path))], [], "all that was left is taken up")
        print(f"{KILLS} kills, {len(load.answered)} requests answered; lost at most "
              + ", ".join(f"{seconds:.3f} s ({name})" for name, seconds in worst.items()), end=" ")

    def nothing_piles_up(self, folder):
        self.assertLessEqual(len(list(self.place.glob("archive.db*"))), 4, "a spool at most")
        if folder.exists():
            unfinished = [path for path in folder.iterdir() if path.suffix != ".csv"]
            self.assertLessEqual(len(unfinished), 2, unfinished)

    def look_at(self, folder, load, kills, worst):
        """Every answer that came so long before a kill is there, once."""
        with contextlib.closing(sqlite3.connect(self.archive, timeout=60)) as rows:
            self.assertEqual(rows.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            if not rows.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'requests'").fetchone()[0]:
                return  # killed before it had its tables
            in_sqlite = [row[0] for row in
                         rows.execute("SELECT request_id FROM requests WHERE method = 'POST'")]
        for spool in self.place.glob("archive.db.spool-*"):
            in_sqlite += re.findall(r'^{"request_id":"([^"]*)"', spool.read_text(), re.M)
        in_csv = []
        for path in folder.iterdir() if folder.exists() else ():
            with open(path, newline="") as file:
                in_csv += [line["request_id"] for line in csv.DictReader(file)
                           if line["method"] == "POST"]
        answered = list(load.answered)
        for name, kept in (("SQLite", in_sqlite), ("CSV", in_csv)):
            self.assertEqual(len(kept), len(set(kept)), f"{name}: none twice")
            kept = set(kept)
            for request_id, when in answered:
                killed = next((at for at in kills if at >= when), None)
                if killed is None or request_id in kept:
                    continue
                worst[name] = max(worst[name], killed - when)
            self.assertLess(worst[name], LOST_MAX_S[name], name)


if __name__ == "__main__":
    unittest.main()
