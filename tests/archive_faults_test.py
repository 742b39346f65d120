"""What happens to the archives of a running server: damage, disks that fail, other servers, locks
beyond the spool. What a lock, a full disk and kill -9 cost is archive_loss_test.py's.

The long version: QAIO_TEST_DAMAGES=20 python3 tests/archive_faults_test.py Damaged
"""

import contextlib
import csv
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import unittest

from faults import Disk, FaultTest, archived, ask, eventually, fill, metric, mounted, send
from program import FAILED, OK, Server, run

DAMAGES = int(os.environ.get("QAIO_TEST_DAMAGES", 1))


def stats_of(server, kind):
    stats = json.loads(ask(server.port, "GET", "/stats")[1])
    return next(archive for archive in stats["archives"] if archive["archive"] == kind)


def csv_ids(folder):
    """Of all files, also of those that are still written; a line is whole or not there."""
    ids = []
    for path in folder.iterdir():
        with open(path, newline="") as file:
            ids += [line["request_id"] for line in csv.DictReader(file) if line["method"] == "POST"]
    return ids


def names(first, count):
    return [f"n{number}" for number in range(first, first + count)]


class Damaged(FaultTest):
    """Somebody writes into the files of an archive, while it is written and while it is not."""

    # What is done to the file; the archive holds some pages, and its log some more.
    @staticmethod
    def kinds(chance):
        def scattered(path):
            size = path.stat().st_size
            with open(path, "r+b") as file:
                for _ in range(200):
                    file.seek(chance.randrange(max(size, 1)))
                    file.write(chance.randbytes(16))

        def all_random(path):
            size = path.stat().st_size
            with open(path, "r+b") as file:
                file.write(chance.randbytes(size))

        def header(path):
            with open(path, "r+b") as file:
                file.write(chance.randbytes(100))

        def cut(part):
            def cut_off(path):
                size = path.stat().st_size
                os.truncate(path, int(size * part))
            return cut_off

        def longer(path):
            with open(path, "ab") as file:
                file.write(chance.randbytes(50_000))
        return {"scattered": scattered, "random": all_random, "header": header, "empty": cut(0),
                "half": cut(0.5), "odd": cut(0.333), "longer": longer}

    @staticmethod
    def newest(archive, count):
        """SQLite notices damage where it looks, so that an old part of a file may stay damaged."""
        with contextlib.closing(sqlite3.connect(archive)) as rows:
            return {row[0] for row in rows.execute("SELECT request_id FROM requests WHERE method = 'POST'"
                                                   " ORDER BY id DESC LIMIT ?", (count,))}

    def cases(self, ends):
        return [(end, kind, seed) for seed in range(DAMAGES) for end in ends for kind in self.kinds(None)]

    def damage(self, archive, end, kind, seed):
        self.kinds(random.Random(f"{seed} {end} {kind}"))[kind](archive.with_name(archive.name + end))

    def test_while_it_is_written(self):
        self.side_by_side(self.damage_while_running, self.cases(("", "-wal")))

    def damage_while_running(self, place, *case):
        archive = place / "archive.db"
        with Server("--archive", archive) as server:
            send(server.port, names(0, 300))
            eventually(lambda: stats_of(server, "sqlite")["written"] >= 300)
            self.damage(archive, *case)
            # Lists read it and notice; what is served is served all the same.
            send(server.port, names(300, 100))
            for _ in range(3):
                for path in ("/requests?since=1d&limit=5", "/report?since=1d"):
                    self.assertIn(ask(server.port, "GET", path)[0], (200, 500, 503), path)
            send(server.port, names(400, 100))
            self.alive(server)
            self.assertIn(server.stop(), (OK, FAILED))
            self.assertNotIn("terminate", "".join(server.lines))
        # The next server has an archive that works, whatever became of that one.
        with Server("--archive", archive) as server:
            send(server.port, names(1000, 50))
            self.assertEqual(server.stop(), OK, server.lines)
        self.assertEqual(self.newest(archive, 50), set(names(1000, 50)))

    def test_while_nobody_has_it(self):
        self.side_by_side(self.damage_between, self.cases(("", "-wal", "-shm")))

    def damage_between(self, place, *case):
        archive = place / "archive.db"
        with Server("--archive", archive) as server:
            send(server.port, names(0, 300))
            eventually(lambda: stats_of(server, "sqlite")["written"] >= 300)
            server.stop(signal.SIGKILL)  # leaves a log behind
        self.damage(archive, *case)
        with Server("--archive", archive) as server:
            send(server.port, names(1000, 50))
            self.assertEqual(ask(server.port, "GET", "/requests?since=1d&limit=5")[0], 200)
            self.assertEqual(server.stop(), OK, server.lines)
        self.assertEqual(self.newest(archive, 50), set(names(1000, 50)))

    def test_a_log_that_is_no_log_beside_a_new_archive(self):
        self.archive.with_name("archive.db-wal").write_bytes(random.Random(1).randbytes(100_000))
        self.archive.with_name("archive.db-shm").write_bytes(random.Random(2).randbytes(32_768))
        with Server("--archive", self.archive) as server:
            send(server.port, names(0, 50))
            self.assertEqual(server.stop(), OK, server.lines)
        self.assertEqual(sorted(archived(self.archive)), sorted(names(0, 50)))

    def test_another_file_has_its_name(self):
        for what in ("directory", "text", "database"):
            self.setUp()
            if what == "directory":
                self.archive.mkdir()
            elif what == "text":
                self.archive.write_text("this is no database, it is a letter\n" * 100)
            else:
                with sqlite3.connect(self.archive) as database:
                    database.execute("CREATE TABLE letters (text)")
            result = run("serve", "--port", 0, "--archive", self.archive)
            self.assertEqual(result.returncode, FAILED, what)
            self.assertRegex(result.stderr, r"\Aqaio: [^\n]*archive\.db[^\n]*\n\Z")


class DamagedCsv(FaultTest):
    def test_unfinished_files_that_are_none(self):
        folder = self.place / "csv"
        folder.mkdir()
        chance = random.Random(1)
        for number, content in enumerate((b"", b"\n", b"arrived,", b'a,"b\n', b"\0" * 5000,
                                          chance.randbytes(100_000), b'"' * 9999, b"x" * 200_000)):
            (folder / f"qaio-20260101T00000000{number}Z.csv.part").write_bytes(content)
        with Server("--archive-csv", folder) as server:
            send(server.port, names(0, 150))
            self.assertEqual(server.stop(), OK, server.lines)
        self.assertEqual(list(folder.glob("*.part")), [])
        self.assertEqual(sorted(self.own_ids(folder)), sorted(names(0, 150)))

    def test_written_over_and_cut_off_while_it_is_written(self):
        folder = self.place / "csv"
        with Server("--archive-csv", folder) as server:
            send(server.port, names(0, 30))
            eventually(lambda: stats_of(server, "csv")["written"] >= 30)
            part, = folder.glob("*.part")
            with open(part, "r+b") as file:
                file.write(random.Random(1).randbytes(3000))
            send(server.port, names(30, 30))
            eventually(lambda: stats_of(server, "csv")["written"] >= 60)
            os.truncate(part, 100)
            send(server.port, names(60, 300))
            self.assertEqual(server.stop(), OK, server.lines)
        self.assertEqual(list(folder.glob("*.part")), [])
        lines = b"".join(path.read_bytes() for path in folder.iterdir())
        for name in names(60, 300):
            self.assertIn(b"," + name.encode() + b",", lines)

    def test_another_thing_has_its_name(self):
        path = self.place / "csv"
        path.write_text("a letter")
        result = run("serve", "--port", 0, "--archive-csv", path)
        self.assertEqual(result.returncode, FAILED)
        self.assertRegex(result.stderr, r"\Aqaio: [^\n]*csv[^\n]*\n\Z")

    @staticmethod
    def own_ids(folder):
        ids = []
        for path in folder.glob("qaio-*.csv"):
            if not path.name.startswith("qaio-20260101T"):
                with open(path, newline="") as file:
                    ids += [line["request_id"] for line in csv.DictReader(file)
                            if line["method"] == "POST"]
        return ids


class Broken(FaultTest):
    """The file system of both archives fails under the server."""

    def check(self, break_it):
        disk = Disk(self, self.place)
        archive, folder = disk.folder / "archive.db", disk.folder / "csv"
        with Server("--archive", archive, "--archive-csv", folder) as server:
            send(server.port, names(0, 150))
            for kind in ("sqlite", "csv"):
                eventually(lambda: stats_of(server, kind)["written"] >= 150)
            break_it(disk)
            send(server.port, names(150, 2500))
            self.waits_for(server, "archiving pauses until it can write again")
            self.waits_for(server, "CSV files pause until they can be written again")
            for kind in ("sqlite", "csv"):
                eventually(lambda: stats_of(server, kind)["lost"] > 0)
                state = stats_of(server, kind)
                self.assertTrue(state["paused"])
                self.assertEqual(metric(server.port, "qaio_archive_paused", f'{{archive="{kind}"}}'), 1)
            self.alive(server)
            self.assertEqual(server.stop(), FAILED)
            self.assertRegex(server.lines[-1], r"could not be archived and are lost")
            self.assertLessEqual(len(self.said(server, "pause")), 3)

    def test_it_becomes_read_only(self):
        self.check(Disk.make_read_only)

    def test_it_fails(self):
        self.check(Disk.fail)

    def test_a_read_only_one_is_refused_at_the_start(self):
        disk = mounted(self, self.place / "disk", "-t", "tmpfs", "-o", "ro", "tmpfs")
        for options in (["--archive", disk / "archive.db"], ["--archive-csv", disk / "csv"],
                        ["--archive-csv", disk]):
            result = run("serve", "--port", 0, *options)
            self.assertEqual(result.returncode, FAILED, result.stderr)
            self.assertRegex(result.stderr, r"\Aqaio: [^\n]*Read-only file system[^\n]*\n\Z")
            self.assertIn(str(options[1]), result.stderr)


class FullDisk(FaultTest):
    def test_csv_files_lose_nothing_of_what_waits_in_memory(self):
        disk = mounted(self, self.place / "disk", "-t", "tmpfs", "-o", "size=2m", "tmpfs")
        folder = disk / "csv"
        with Server("--archive-csv", folder) as server:
            send(server.port, names(0, 50))
            eventually(lambda: stats_of(server, "csv")["written"] >= 50)
            filler = fill(disk)
            send(server.port, names(50, 800))
            self.waits_for(server, "CSV files pause")
            self.assertGreater(stats_of(server, "csv")["waiting"], 0)
            filler.unlink()
            self.waits_for(server, "CSV files go on; 0 records were lost")
            self.assertEqual(stats_of(server, "csv")["waiting"], 0)
            self.assertEqual(server.stop(), OK)
        self.assertEqual(sorted(csv_ids(folder)), sorted(names(0, 850)))


class Spool(FaultTest):
    def test_it_is_bounded_counted_and_written_when_the_lock_ends(self):
        with Server("--archive", self.archive, "--archive-spool-mib", 1) as server:
            send(server.port, names(0, 100))
            eventually(lambda: stats_of(server, "sqlite")["written"] >= 100)
            other = sqlite3.connect(self.archive, isolation_level=None, timeout=60)
            other.execute("BEGIN EXCLUSIVE")
            sent = 100
            while stats_of(server, "sqlite")["lost"] == 0:
                self.assertLess(sent, 20_000)
                send(server.port, names(sent, 500))
                sent += 500
            spool, = self.place.glob("archive.db.spool-*")
            self.assertLessEqual(spool.stat().st_size, 1 << 20)
            state = stats_of(server, "sqlite")
            self.assertTrue(state["paused"])
            self.assertGreater(state["waiting"], 100)
            kind = '{archive="sqlite"}'
            self.assertEqual(metric(server.port, "qaio_archive_paused", kind), 1)
            self.assertGreater(metric(server.port, "qaio_archive_records_waiting", kind), 100)
            other.execute("ROLLBACK")
            other.close()
            self.waits_for(server, "archiving goes on")
            self.assertEqual(len(self.said(server, "archiving pauses")), 1)
            state = stats_of(server, "sqlite")
            self.assertEqual((state["paused"], state["waiting"]), (False, 0))
            self.assertEqual(server.stop(), OK)
        self.assertEqual(list(self.place.glob("archive.db.spool-*")), [])
        kept = archived(self.archive)
        self.assertEqual(len(kept), len(set(kept)), "none twice")
        self.assertEqual(len(kept), len([one for one in kept if one.startswith("n")]))
        self.assertGreaterEqual(len(kept) + state["lost"], sent, "counted; of others as well")
        self.assertLess(len(kept), sent)


class Two(FaultTest):
    def test_servers_share_an_archive_and_a_folder_of_csv_files(self):
        folder = self.place / "csv"
        options = ["--archive", self.archive, "--archive-csv", folder]
        with Server(*options) as one, Server(*options) as two:
            clients = [threading.Thread(target=send, args=(server.port, names(first, 1500)))
                       for server, first in ((one, 0), (two, 10_000))]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            for server in (one, two):
                for kind in ("sqlite", "csv"):
                    eventually(lambda: stats_of(server, kind)["written"] >= 1500)
                    self.assertEqual(stats_of(server, kind)["lost"], 0)
                self.assertEqual(server.stop(), OK)
        everything = sorted(names(0, 1500) + names(10_000, 1500))
        self.assertEqual(sorted(archived(self.archive)), everything)
        self.assertEqual(sorted(csv_ids(folder)), everything)
        self.assertEqual(list(self.place.glob("archive.db.spool-*")), [])

    def test_one_that_is_killed_leaves_the_other_its_archive(self):
        folder = self.place / "csv"
        options = ["--archive", self.archive, "--archive-csv", folder]
        with Server(*options) as one, Server(*options) as two:
            send(one.port, names(0, 300))
            eventually(lambda: stats_of(one, "sqlite")["written"] >= 300)
            clients = [threading.Thread(target=self.send_until_it_ends, args=(one,))]
            clients[0].start()
            send(two.port, names(10_000, 300))
            one.stop(signal.SIGKILL)
            clients[0].join()
            send(two.port, names(20_000, 300))
            self.assertEqual(two.stop(), OK, two.lines)
        kept = archived(self.archive)
        self.assertEqual(len(kept), len(set(kept)))
        self.assertEqual(set(names(0, 300) + names(10_000, 300) + names(20_000, 300)) - set(kept), set())

    @staticmethod
    def send_until_it_ends(server):
        with contextlib.suppress(OSError, http.client.HTTPException):
            send(server.port, names(50_000, 20_000))


if __name__ == "__main__":
    unittest.main()
