"""The client's share of the time: a client that measures itself as a page does, and tells the server."""

import csv
import http.client
import io
import json
import secrets
import sqlite3
import time
import unittest
import urllib.request

from program import ProgramTest, Server

CHATS = 12
RENDERING_S = 0.02


class Page:
    """One that keeps a connection for its chats and another one for its reports."""

    def __init__(self, port):
        self.chats = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.reports = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.reports.connect()

    def close(self):
        self.chats.close()
        self.reports.close()

    def chat(self, stream, stop_early=False, rendering_s=RENDERING_S):
        """(request id, token, times in ms)."""
        token = secrets.token_urlsafe(24)
        path = "/chat"
        body = {"input": "今天很开心", "max_new_tokens": 4, "stream": stream}
        if stop_early:  # of an answer that does not end by itself
            path = "/v1/chat/completions"
            body = {"messages": [{"role": "user", "content": "hello"}], "stream": True,
                    "max_tokens": 2000, "ignore_eos": True}
        begin = time.perf_counter()

        def now_ms():
            return (time.perf_counter() - begin) * 1000

        self.chats.request("POST", path, json.dumps(body), {"X-Client-Token": token})
        response = self.chats.getresponse()
        times = {"first_byte_ms": now_ms(), "first_token_ms": None}
        while line := response.readline():
            token_came = line.startswith(b"event: token") or b'"content":"' in line
            if token_came and times["first_token_ms"] is None:
                times["first_token_ms"] = now_ms()
            if token_came and stop_early:
                break
        response.close()
        if stop_early:
            self.chats.close()
        times["last_byte_ms"] = now_ms()
        time.sleep(rendering_s)
        times["done_ms"] = now_ms()
        return response.getheader("X-Request-Id"), token, times

    def report(self, request_id, token, times):
        """The status; None if the server says that it needed longer, as it may where it was held up
        between its last byte and the clock."""
        self.reports.request("POST", f"/requests/{request_id}/client", json.dumps(times),
                             {"X-Client-Token": token})
        response = self.reports.getresponse()
        body = response.read()
        return None if b"that the server alone needed" in body else response.status

    def reported(self, **how):
        """(request id, token, times) of a chat that was reported."""
        for _ in range(5):
            chat = self.chat(**how)
            status = self.report(*chat)
            if status is not None:
                assert status == 204, status
                return chat
        raise AssertionError("five reports in a row were too short")


class ClientTimesTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archive = cls.folder / "qaio.db"
        cls.server = Server("--archive", cls.archive)
        cls.addClassCleanup(cls.server.stop)
        cls.server.__enter__()
        cls.page = Page(cls.server.port)
        cls.addClassCleanup(cls.page.close)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}{path}") as answer:
            return answer.read().decode()

    def test_all_of_the_clients_time_is_accounted_for(self):
        ids = {}
        for i in range(CHATS):
            request_id, token, times = self.page.reported(stream=i % 2 == 0)
            self.assertEqual(self.page.report(request_id, token, times), 409)
            ids[request_id] = times
        for request_id, times in ids.items():
            record = json.loads(self.get(f"/requests/{request_id}"))
            client = record["client"]
            for name, value in times.items():
                if value is None:
                    self.assertIsNone(client[name])
                else:
                    self.assertAlmostEqual(client[name], value, delta=0.001)
            server = record["total_response_time_ms"]
            if client["network_ms"] > 0:
                self.assertAlmostEqual(client["network_ms"] + server + client["rendering_ms"],
                                       client["done_ms"], delta=0.0005)
            else:
                self.assertGreaterEqual(server, client["last_byte_ms"])
            self.assertGreaterEqual(client["rendering_ms"], RENDERING_S * 1000)

        text = self.get("/report?format=text")
        self.assertRegex(text, r"Clients waited .* over the \d+ requests that they reported")
        self.assertIn("client.rendering", text)
        metrics = self.get("/metrics")
        self.assertRegex(metrics, r'qaio_client_seconds_count\{part="network"\} [1-9]')
        self.check_archive(ids)

    def check_archive(self, ids):
        self.get("/requests?limit=1000")  # what was said is written now
        with sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True) as database:
            rows = dict(database.execute(
                "SELECT request_id, client_done_us FROM requests WHERE client_network_us >= 0"))
        exported = self.ok("export", self.archive, "--format", "jsonl")
        lines = {line["request_id"]: line for line in map(json.loads, exported.splitlines())
                 if "client" in line}
        table = self.ok("export", self.archive, "--format", "csv")
        cells = {row["request_id"]: row for row in csv.DictReader(io.StringIO(table))}
        for request_id, times in ids.items():
            self.assertAlmostEqual(rows[request_id], times["done_ms"] * 1000, delta=1)
            self.assertAlmostEqual(lines[request_id]["client"]["done_ns"], times["done_ms"] * 1e6,
                                   delta=1000)
            self.assertEqual(int(cells[request_id]["client_done_us"]), rows[request_id])
        timeline = json.loads(self.ok("export", self.archive, "--format", "chrome"))
        names = {event["name"] for event in timeline["traceEvents"] if event.get("cat") == "client"}
        self.assertEqual(names, {"client", "waiting", "receiving", "rendering",
                                 "first token painted"})

    def test_a_report_right_behind_the_answer_finds_its_record(self):
        for _ in range(CHATS):
            self.page.reported(stream=True, rendering_s=0)

    def test_a_stopped_answer_is_reported_too(self):
        for _ in range(3):
            request_id, _, times = self.page.reported(stream=True, stop_early=True)
            record = json.loads(self.get(f"/requests/{request_id}"))
            self.assertEqual(record["status"], 499)
            self.assertAlmostEqual(record["client"]["done_ms"], times["done_ms"], delta=0.001)


if __name__ == "__main__":
    unittest.main()
