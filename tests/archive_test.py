"""The archive as those who keep it see it: a real server writes it, Python's sqlite3 reads it."""

import csv
import gzip
import http.client
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

import program
from program import FAILED, OK, USAGE, ProgramTest, Server

REQUEST_STAGES = ("http_read_us", "parse_us", "tasks_us", "serialize_us", "http_write_us",
                  "tokenize_us")
TASK_STAGES = ("prompt_build_us", "tokenize_us", "queue_us", "prefill_us", "decode_us", "score_us",
               "output_parse_us")
SECRET = "今天心情超好,密码是 1234"


def post(port, path, body):
    """(status, parsed answer)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, json.dumps(body).encode(),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def get(port, path, accept="*/*"):
    """(status, content type, text)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), response.read().decode()
    finally:
        connection.close()


def wait_until(check, seconds=60):
    """The first true result of check()."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = check()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def rows(path, sql, *values):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        return database.execute(sql, values).fetchall()


def total_ns(line):
    """Of a line of `qaio export --format jsonl`."""
    return line["lane"]["end_ns"] - line["lane"]["begin_ns"]


def count(path, condition="1"):
    try:
        sql = f"SELECT count(*) FROM requests WHERE {condition}"
        return rows(path, sql)[0][0] if path.exists() else 0
    except sqlite3.DatabaseError:  # damaged, or one that has just begun
        return 0


class ArchiveTest(ProgramTest):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.archive = self.place / "archive.db"

    def send(self, server, number, **fields):
        """`number` answers of /chat."""
        for seed in range(number):
            status, answer = post(server.port, "/chat", {
                "input": SECRET, "max_new_tokens": 8, "seed": seed, **fields})
            self.assertEqual(status, 200, answer)
            yield answer


class Sqlite(ArchiveTest):
    def test_every_request_is_kept_as_it_was_answered(self):
        with Server("--archive", self.archive) as server:
            answers = {answer["request_id"]: answer for answer in self.send(server, 5)}
            self.assertEqual(post(server.port, "/chat", {"input": 5})[0], 400)
            self.assertEqual(post(server.port, "/no/such/path", {})[0], 404)
            self.assertEqual(server.stop(), OK)
        # a record follows its answer, so those of two connections may change places
        kept = rows(self.archive, "SELECT * FROM requests ORDER BY begin_ns")
        self.assertEqual([row["status"] for row in kept], [200] * 5 + [400, 404])
        self.assertEqual([row["error_code"] for row in kept[4:]],
                         [None, "invalid_argument", "not_found"])
        for row in kept:
            self.assertEqual(sum(row[name] for name in REQUEST_STAGES) + row["unattributed_us"],
                             row["total_us"])
            self.assertIsNone(row["input_text"])
        for row in kept[:5]:
            answer = answers[row["request_id"]]
            usage = answer["usage"]
            self.assertEqual([row[name] for name in usage], list(usage.values()))
            self.assertGreaterEqual(row["total_us"] / 1000, answer["total_response_time_ms"])
            self.assertEqual(row["input_chars"], len(SECRET))
            self.assertTrue(0 < row["input_tokens"] < usage["prompt_tokens"])
            tasks = rows(self.archive, "SELECT * FROM tasks WHERE request = ?", row["id"])
            self.assertEqual([task["task"] for task in tasks], ["sentiment", "chat"])
            self.assertEqual(tasks[0]["label"], answer["sentiment"])
            self.assertAlmostEqual(tasks[0]["score"], answer["sentiment_score"], 5)
            for task in tasks:
                name = task["task"]
                self.assertEqual(sum(task[stage] for stage in TASK_STAGES) +
                                 task["unattributed_us"], task["total_us"])
                self.assertAlmostEqual(task["prefill_us"] / 1000,
                                       answer["breakdown"][f"{name}.prefill"], 2)
        self.assertNotIn("1234", self.archive.read_bytes().decode("latin-1"))

    def test_the_columns_of_every_endpoint_add_up(self):
        """In the archive, CSV, /requests and JSON lines."""
        calls = [("/chat", {"input": "a", "max_new_tokens": 2}),
                 ("/v1/tasks/sentiment", {"input": "a"}),
                 ("/v1/chat/completions",
                  {"messages": [{"role": "user", "content": "a"}], "max_tokens": 2}),
                 ("/v1/completions", {"prompt": "a", "max_tokens": 2}),
                 ("/tokenize", {"content": "some words " * 500}),
                 ("/tokenize", {"content": "some words " * 50_000, "with_pieces": True}),
                 ("/detokenize", {"tokens": [1, 2, 3] * 500}),
                 ("/tokenize", {"content": 5}), ("/detokenize", {}), ("/no/such", {})]
        looks = ("/v1/models", "/v1/tasks", "/health", "/stats", "/metrics", "/requests", "/slo",
                 "/report")
        folder = self.place / "csv"
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            for path, body in calls:
                post(server.port, path, body)
            for path in looks:
                get(server.port, path)
            shown = json.loads(get(server.port, "/requests?limit=100")[2])["requests"]
            seen = [json.loads(get(server.port, f"/requests/{one['request_id']}")[2])
                    for one in shown]
            self.assertEqual(server.stop(), OK)
        kept = rows(self.archive, "SELECT * FROM requests")
        self.assertGreaterEqual(len(kept), len(calls) + len(looks))
        lines = [row for path in folder.iterdir()
                 for row in csv.DictReader(io.StringIO(path.read_text(), newline=""))]
        self.assertEqual(len(lines), len(kept))
        for row in [dict(row) for row in kept] + lines:
            stages = sum(int(row[name]) for name in REQUEST_STAGES)
            self.assertEqual(stages + int(row["unattributed_us"]), int(row["total_us"]),
                             row["path"])
        tokenized = [row for row in kept if row["path"] == "/tokenize" and row["status"] == 200]
        self.assertTrue(all(row["tokenize_us"] > 0 for row in tokenized), "or it tests nothing")
        self.assertEqual(len(tokenized), 2)
        stages = [name[:-3] for name in REQUEST_STAGES] + ["unattributed"]
        self.assertGreaterEqual(len(seen), len(calls))
        for one in seen:
            self.assertEqual(sum(round(1000 * one["breakdown"].get(name, 0)) for name in stages),
                             round(1000 * one["total_response_time_ms"]), one["path"])
        exported = self.ok("export", self.archive, "--format", "jsonl").splitlines()
        for line in map(json.loads, exported):
            if "lane" not in line:
                continue
            self.assertGreaterEqual(total_ns(line), sum(
                end_ns - begin_ns for _, begin_ns, end_ns in line["lane"]["stages"]))

    def test_no_text_is_kept_unasked_wherever_it_stands(self):
        """What a client may write, apart from its request id."""
        secret = "anna-maria-1234"
        chat = {"messages": [{"role": "user", "content": secret}], "max_tokens": 2}
        calls = [("/v1/chat/completions", {**chat, "guided_choice": [secret, secret + "x"]}),
                 ("/v1/chat/completions", {**chat, "stop": [secret], "user": secret,
                                           "metadata": {"a": secret}}),
                 ("/v1/chat/completions", {**chat, secret: 1}),
                 ("/v1/chat/completions", {**chat, "model": secret}),
                 ("/v1/completions", {"prompt": secret, "max_tokens": 2}),
                 ("/chat", {"input": secret, "tasks": [secret]}),
                 (f"/v1/tasks/{secret}", {"input": secret}),
                 (f"/v1/tasks/{secret}/{secret}", {"input": secret}),
                 (f"/{secret}", {}), (f"/chat?{secret}={secret}", {"input": secret}),
                 ("/tokenize", {"content": secret, secret: 1})]
        folder = self.place / "csv"
        with Server("--archive", self.archive, "--archive-csv", folder) as server:
            for path, body in calls:
                post(server.port, path, body)
            told = get(server.port, "/requests?limit=100")[2] + get(server.port, "/metrics")[2]
            told += get(server.port, "/stats")[2] + get(server.port, "/report")[2]
            self.assertEqual(server.stop(), OK)
        told += "".join(server.lines)
        told += "".join(path.read_text() for path in folder.iterdir())
        for kind in ("csv", "csv-tasks", "jsonl", "chrome"):
            told += self.ok("export", self.archive, "--format", kind)
        self.assertNotIn(secret, told)
        self.assertNotIn(secret, self.archive.read_bytes().decode("latin-1"))

    def test_a_choice_is_kept_where_texts_are(self):
        with Server("--archive", self.archive, "--record-text") as server:
            post(server.port, "/v1/chat/completions",
                 {"messages": [{"role": "user", "content": "a"}], "guided_choice": ["b1", "c2"]})
            post(server.port, "/b1?c2=3", {})
        task, = rows(self.archive, "SELECT label, output_text, score FROM tasks")
        self.assertIsNone(task["label"])
        self.assertIn(task["output_text"], ("b1", "c2"))
        self.assertGreaterEqual(task["score"], 0.5)
        self.assertEqual(rows(self.archive, "SELECT path FROM requests WHERE status = 404")[0][0],
                         "/b1")

    def test_the_run_is_described(self):
        with Server("--archive", self.archive, "--threads", "1",
                    environment={"QAIO_ISA": "scalar"}) as server:
            list(self.send(server, 1))
        with Server("--archive", self.archive) as server:
            list(self.send(server, 1))
        runs = rows(self.archive, "SELECT * FROM runs ORDER BY id")
        self.assertEqual(len(runs), 2)
        version = self.ok("--version").split()[1]
        self.assertEqual((runs[0]["version"], runs[0]["isa"], runs[0]["threads"],
                          runs[0]["model"]), (version, "scalar", 1, "demo"))
        self.assertRegex(runs[0]["model_hash"], r"\A[0-9a-f]{16}\Z")
        self.assertEqual(runs[0]["model_hash"], runs[1]["model_hash"])
        self.assertEqual([(run["first_request"], run["last_request"]) for run in runs],
                         [(1, 1), (2, 2)])

    def test_a_killed_server_loses_no_written_record(self):
        ids = []
        for _ in range(5):
            with Server("--archive", self.archive) as server:
                before = len(ids)
                ids += [answer["request_id"] for answer in self.send(server, 3)]
                wait_until(lambda: count(self.archive) == len(ids))
                list(self.send(server, 1))  # may be lost
                server.stop(signal.SIGKILL)
            kept = [row["request_id"] for row in
                    rows(self.archive, "SELECT request_id FROM requests ORDER BY id")]
            self.assertLessEqual(set(ids), set(kept))
            self.assertLessEqual(len(kept), len(ids) + 1)
            self.assertEqual(rows(self.archive, "PRAGMA integrity_check")[0][0], "ok")
            self.assertEqual(len(ids), before + 3)
            ids = kept

    def test_requests_before_the_model_is_loaded_belong_to_the_run(self):
        process = subprocess.Popen(
            [program.QAIO, "serve", "--port", "0", "--archive", self.archive],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = int(re.search(r":(\d+)$", process.stdout.readline().strip())[1])
            statuses = []
            while not statuses or statuses[-1] == 503:
                statuses.append(post(port, "/chat", {"input": "a", "max_new_tokens": 1})[0])
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30), OK)
        finally:
            process.kill()
            process.stdout.close()
        kept = rows(self.archive, "SELECT status, run, model FROM requests "
                                  "JOIN runs ON runs.id = run ORDER BY begin_ns")
        self.assertEqual([row["status"] for row in kept], statuses)
        self.assertEqual({(row["run"], row["model"]) for row in kept}, {(1, "demo")})

    def test_texts_only_when_asked_for(self):
        with Server("--archive", self.archive, "--record-text") as server:
            answers = list(self.send(server, 1))
        self.assertEqual(rows(self.archive, "SELECT input_text FROM requests")[0][0], SECRET)
        texts = rows(self.archive, "SELECT output_text FROM tasks WHERE task = 'chat'")
        self.assertEqual(texts[0][0].strip(), answers[0]["reply"])

    def test_options_from_a_file(self):
        config = self.place / "qaio.toml"
        config.write_text(f'archive = "{self.archive}"\narchive_days = 7\nrecord_text = true\n')
        with Server("--config", config) as server:
            list(self.send(server, 1))
        self.assertEqual(rows(self.archive, "SELECT input_text FROM requests")[0][0], SECRET)

    def test_a_wrong_file_is_refused_at_the_start(self):
        self.archive.write_text("something else " * 1000)
        self.assertIn("not a database", self.fails(FAILED, "serve", "--port", 0, "--archive",
                                                   self.archive))
        self.fails(FAILED, "serve", "--port", 0, "--archive", self.place / "no/such/a.db")
        self.fails(USAGE, "serve", "--archive-days", 0)

    def test_a_file_removed_under_a_running_server(self):
        with Server("--archive", self.archive) as server:
            list(self.send(server, 3))
            wait_until(lambda: count(self.archive) == 3)
            for path in self.place.glob("archive.db*"):
                path.unlink()
            status, _, text = get(server.port, "/requests?limit=1000")
            self.assertEqual(status, 200, text)
            self.assertEqual(get(server.port, "/report")[0], 200)
            list(self.send(server, 2))
            wait_until(lambda: count(self.archive, "path = '/chat'") == 2)
            metrics = get(server.port, "/metrics")[2]
            self.assertIn('qaio_archive_records_lost_total{archive="sqlite"} 3', metrics)
            said = [line for line in server.lines if "removed or replaced" in line]
            self.assertEqual(len(said), 1, server.lines)
            self.assertIn("3 records of this run went with it", said[0])
            self.assertEqual(server.stop(), OK)
        self.assertEqual(count(self.archive, "path = '/chat'"), 2)

    def test_a_damaged_archive_is_set_aside(self):
        with Server("--archive", self.archive) as server:
            list(self.send(server, 3))
        with open(self.archive, "r+b") as file:
            file.seek(4096)
            file.write(b"x" * (self.archive.stat().st_size - 4096))
        with Server("--archive", self.archive) as server:
            list(self.send(server, 2))
            wait_until(lambda: count(self.archive) == 2)
            self.assertTrue(any("is damaged" in line and ".damaged-" in line
                                for line in server.lines), server.lines)
        # A reader at that moment keeps the log and its index alive, which then go along.
        aside = [path for path in self.place.glob("archive.db.damaged-*")
                 if not path.name.endswith(("-wal", "-shm"))]
        self.assertEqual(len(aside), 1, aside)

    def test_damaged_records_are_left_out_of_lists_and_reports(self):
        with Server("--archive", self.archive) as server:
            answers = [answer["request_id"] for answer in self.send(server, 4)]
        with sqlite3.connect(self.archive) as database:
            database.execute("UPDATE requests SET lane = x'' WHERE id = 2")
        database.close()
        with Server("--archive", self.archive) as server:
            for _ in range(2):
                listed = json.loads(get(server.port, "/requests")[2])["requests"]
                self.assertEqual([one["request_id"] for one in listed],
                                 [answers[i] for i in (3, 2, 0)])
                self.assertEqual(get(server.port, "/report")[0], 200)
            said = [line for line in server.lines if "1 damaged record was left out" in line]
            self.assertEqual(len(said), 1, server.lines)
        for reader in (("export", self.archive, "--format", "jsonl"), ("report", self.archive)):
            result = program.run(*reader)
            self.assertEqual(result.returncode, OK)
            self.assertIn("1 damaged record was left out", result.stderr)

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mount"),
                         "only root may mount a file system; FullDiskTest limits file sizes instead")
    def test_a_full_disk_pauses_the_archive_and_nothing_else(self):
        disk = self.place / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk],
                          capture_output=True).returncode != 0:
            self.skipTest("this system does not let tests mount; FullDiskTest limits file sizes")
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        archive = disk / "archive.db"
        with Server("--archive", archive) as server:
            list(self.send(server, 1))
            wait_until(lambda: count(archive) == 1)
            filler = disk / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(b"x" * 512):
                        pass
                except OSError:
                    pass

            def warnings():
                return [line for line in server.lines if "pauses" in line]
            while not warnings():
                list(self.send(server, 20))  # served all the same
            list(self.send(server, 20))
            filler.unlink()
            wait_until(lambda: any("archiving goes on" in line for line in server.lines))
            before = count(archive)
            list(self.send(server, 1))
            wait_until(lambda: count(archive) > before)
            self.assertEqual(server.stop(), OK)
            self.assertEqual(len(warnings()), 1)


class Served(ArchiveTest):
    def requests(self, server, query=""):
        status, _, text = get(server.port, "/requests" + query)
        self.assertEqual(status, 200, text)
        return [record["request_id"] for record in json.loads(text)["requests"]]

    def test_a_new_server_shows_what_the_last_one_served(self):
        with Server("--archive", self.archive) as server:
            answers = [answer["request_id"] for answer in self.send(server, 3)]
            before = json.loads(get(server.port, f"/requests/{answers[0]}")[2])
        before["trace"] = None  # all that the archive does not keep
        with Server("--archive", self.archive, "--records-kept", 1) as server:
            answers += [answer["request_id"] for answer in self.send(server, 2)]
            self.assertEqual(json.loads(get(server.port, f"/requests/{answers[0]}")[2]), before)
            self.assertEqual(self.requests(server), answers[::-1])
            self.assertEqual(self.requests(server, "?limit=2"), answers[:2:-1])
            self.assertEqual(self.requests(server, "?slow=600000"), [])
            self.assertEqual(get(server.port, "/requests/unknown")[0], 404)
            for accept, kind, begin in (("text/html,*/*;q=0.8", "text/html", "<!doctype html>"),
                                        ("text/plain", "text/plain", "5 requests, 5 answered"),
                                        ("*/*", "application/json", "{")):
                status, content_type, text = get(server.port, "/report", accept)
                self.assertEqual((status, content_type.split(";")[0]), (200, kind))
                self.assertTrue(text.startswith(begin), text[:100])
            live = json.loads(get(server.port, "/report?since=1h")[2])
            self.assertEqual([run["version"] for run in live["runs"]],
                             [self.ok("--version").split()[1]] * 2)
            metrics = get(server.port, "/metrics")[2]
            written = re.search(r'records_written_total\{archive="sqlite"\} (\d+)', metrics)
            self.assertGreaterEqual(int(written[1]), 2)
            self.assertIn('qaio_archive_records_lost_total{archive="sqlite"} 0', metrics)
        self.assertEqual(json.loads(self.ok("report", self.archive, "--json"))["stages"],
                         live["stages"])

    def test_reports_do_not_wait_for_the_model_nor_the_end_of_a_long_answer(self):
        with Server("--archive", self.archive, "--threads", 1) as server:
            list(self.send(server, 3))
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
                body = json.dumps({"messages": [{"role": "user", "content": "a"}], "stream": True,
                                   "max_tokens": 2000, "ignore_eos": True}).encode()
                client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                               + str(len(body)).encode() + b"\r\n\r\n" + body)
                client.recv(4096)
                self.assertEqual(json.loads(get(server.port, "/report")[2])["answered"], 3)
                self.assertFalse(any("/v1/chat/completions" in line for line in server.lines),
                                 "the answer has come to its end")


class Csv(ArchiveTest):
    def lines(self):
        found = []
        for path in sorted((self.place / "csv").iterdir()):
            self.assertRegex(path.name, r"\Aqaio-\d{8}T\d{9}Z(_\d+)?\.csv(\.gz)?\Z")
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found.append(list(csv.DictReader(io.StringIO(data.decode(), newline=""))))
        return found

    def test_files_of_so_many_records(self):
        with Server("--archive-csv", self.place / "csv", "--archive-csv-records", 4) as server:
            answers = [answer["request_id"] for answer in self.send(server, 9)]
        files = self.lines()
        self.assertEqual([len(lines) for lines in files], [4, 4, 1])
        self.assertCountEqual([line["request_id"] for lines in files for line in lines], answers)
        self.assertEqual(files[0][0]["model"], "demo")
        tasks = json.loads(files[0][0]["tasks"])
        self.assertEqual([task["task"] for task in tasks], ["sentiment", "chat"])

    def test_compressed_and_recovered_after_a_kill(self):
        options = ["--archive-csv", self.place / "csv", "--archive-csv-gzip", "--record-text"]
        with Server(*options) as server:
            answers = [answer["request_id"] for answer in self.send(server, 3)]
            part = wait_until(lambda: next((self.place / "csv").glob("*.part"), None))
            wait_until(lambda: part.read_text().count("\n") >= 4)
            server.stop(signal.SIGKILL)
        with open(part, "a") as file:
            file.write('2026-01-01T00:00:00.000Z,1,"half a')
        with Server(*options) as server:
            pass
        files = self.lines()
        self.assertEqual(len(files), 1)
        self.assertCountEqual([line["request_id"] for line in files[0]], answers)
        self.assertEqual(files[0][0]["input_text"], SECRET)


    def test_goes_on_when_its_folder_was_removed(self):
        folder = self.place / "csv"
        with Server("--archive-csv", folder) as server:
            list(self.send(server, 3))
            part = wait_until(lambda: next(folder.glob("*.part"), None))
            wait_until(lambda: part.read_text().count("\n") == 4)
            shutil.rmtree(folder)
            folder.mkdir()
            answers = [answer["request_id"] for answer in self.send(server, 2)]
            wait_until(lambda: any("removed, 3 records with it" in line for line in server.lines))
            metrics = get(server.port, "/metrics")[2]
            self.assertIn('qaio_archive_records_lost_total{archive="csv"} 3', metrics)
        self.assertCountEqual([line["request_id"] for lines in self.lines() for line in lines
                               if line["path"] == "/chat"], answers)

    def test_compression_of_nothing_is_refused(self):
        self.assertIn("--archive-csv DIR", self.fails(USAGE, "serve", "--archive-csv-gzip"))


class Export(ArchiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = cls.folder / "kept.db"
        with Server("--archive", cls.kept) as server:
            for seed in range(6):
                post(server.port, "/chat", {"input": SECRET, "max_new_tokens": 4, "seed": seed})
            post(server.port, "/v1/tasks/sentiment", {"input": "a"})
            post(server.port, "/chat", {"input": ""})

    def lines(self, *options):
        """The records; lines that describe their run stand between."""
        lines = [json.loads(line) for line in
                 self.ok("export", self.kept, "--format", "jsonl", *options).splitlines()]
        return [line for line in lines if "run" not in line]

    def test_json_lines_hold_every_interval(self):
        lines = self.lines()
        self.assertEqual(sorted(line["status"] for line in lines), [200] * 7 + [400])
        archived = rows(self.kept, "SELECT total_us FROM requests ORDER BY id")
        for line, row in zip(lines, archived, strict=True):
            for lane in [line["lane"]] + [task["lane"] for task in line["tasks"]]:
                ends = [lane["begin_ns"]]
                for _, begin_ns, end_ns in lane["stages"]:
                    self.assertGreaterEqual(begin_ns, ends[-1])
                    ends.append(end_ns)
                self.assertLessEqual(ends[-1], lane["end_ns"])
            self.assertAlmostEqual(total_ns(line) / 1000, row["total_us"], delta=1)

    def test_a_report_reads_the_archive_and_its_export_alike(self):
        exported = self.folder / "exported.jsonl"
        self.ok("export", self.kept, "--format", "jsonl", "--output", exported)
        reports = [json.loads(self.ok("report", place, "--json")) for place in (self.kept, exported)]
        self.assertEqual(reports[0]["requests"], reports[1]["requests"])
        self.assertEqual(reports[0]["stages"], reports[1]["stages"])

    def test_whole_runs_are_exported_as_such(self):
        def from_start(*options):
            first = self.ok("export", self.kept, "--format", "jsonl", *options).splitlines()[0]
            return json.loads(first).get("from_start", True)
        self.assertTrue(from_start())
        self.assertTrue(from_start("--since", "1h"))
        self.assertTrue(from_start("--last", 8))
        self.assertFalse(from_start("--last", 7))
        self.assertFalse(from_start("--task", "chat"))

    def test_filters(self):
        self.assertEqual(len(self.lines("--last", 3)), 3)
        self.assertEqual([len(line["tasks"]) for line in self.lines("--route",
                                                                    "/v1/tasks/{name}")], [1])
        self.assertEqual(len(self.lines("--task", "chat")), 6)
        self.assertEqual(len(self.lines("--since", "1h")), 8)
        self.assertEqual(self.lines("--until", "1h"), [])
        self.assertEqual(self.lines("--run-version", "0.0.0"), [])
        totals = [total_ns(line) for line in self.lines("--slowest", "--last", 4)]
        self.assertEqual(totals, sorted(map(total_ns, self.lines()), reverse=True)[:4])
        slow = self.lines("--min-ms", (totals[1] - 2000) / 1e6)  # it compares microseconds
        self.assertEqual(sorted(map(total_ns, slow)), sorted(totals[:2]))

    def test_csv(self):
        requests = list(csv.DictReader(io.StringIO(self.ok("export", self.kept))))
        self.assertEqual(len(requests), 8)
        out = self.place / "tasks.csv"
        self.assertEqual(self.ok("export", self.kept, "--format", "csv-tasks", "-o", out), "")
        tasks = list(csv.DictReader(io.StringIO(out.read_text())))
        self.assertEqual(sum(len(json.loads(line["tasks"])) for line in requests), len(tasks))
        self.assertEqual(tasks[1]["request_id"], requests[0]["request_id"])

    def test_refusals(self):
        self.fails(FAILED, "export", self.place / "missing.db")
        self.fails(FAILED, "export", self.kept, "-o", self.place / "no/such/file")
        self.fails(USAGE, "export", self.kept, "--since", "yesterday")
        for count in ("-1", "0", "9" * 20):
            self.assertIn("not in range 1 to 1000000000",
                          self.fails(USAGE, "export", self.kept, "--last", count))
        self.fails(USAGE, "export", self.kept, "--format", "xml")
        self.fails(USAGE, "export")


if __name__ == "__main__":
    unittest.main()
