"""qaio report and qaio compare on records of the real server."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import unittest

from program import FAILED, NO, OK, QAIO, USAGE, ProgramTest, Server, run

SLOWED = str(pathlib.Path(QAIO).with_name("qaio_slowed"))


class Demo(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls.folder / "demo.jsonl"
        cls.html = cls.folder / "demo.html"
        result = run("report", "--demo", "--json", "--save", cls.records, "--html", cls.html)
        assert result.returncode == OK, result.stderr
        cls.report = json.loads(result.stdout)

    def test_reports_on_a_hundred_real_requests(self):
        self.assertEqual(self.report["requests"], 100)
        self.assertGreaterEqual(self.report["answered"], 98)  # a client may hang up early
        stages = {row["name"]: row for row in self.report["stages"]}
        for name in ("total", "ttft", "tpot", "parse", "tasks", "chat.decode", "sentiment.score",
                     "chat.prefill", "unattributed"):
            self.assertGreaterEqual(stages[name]["mean_ms"], 0, name)
            self.assertLessEqual(stages[name]["p50_ms"], stages[name]["p95_ms"])
            self.assertLessEqual(stages[name]["p95_ms"], stages[name]["max_ms"])
        lane = sum(row["mean_ms"] for row in self.report["stages"]
                   if row["kind"] == "stage" and "." not in row["name"])
        self.assertAlmostEqual(lane, stages["total"]["mean_ms"], delta=0.01)
        self.assertEqual(len(self.report["slowest"]), 3)
        self.assertEqual(self.report["runs"][0]["model"], "demo")
        self.assertTrue(self.report["limits_known"])
        self.assertIn("physical_limits", {finding["id"] for finding in self.report["findings"]})

    def test_saved_records_give_the_same_report(self):
        again = self.ok_json("report", self.records, "--json")
        for name in ("stages", "slowest", "throughput", "runs"):
            self.assertEqual(again[name], self.report[name], name)
        self.assertFalse(again["limits_known"])
        run_line = json.loads(self.records.read_text().splitlines()[0])
        self.assertRegex(run_line["run"]["model_hash"], r"\A[0-9a-f]{16}\Z")

    def test_selects(self):
        self.assertEqual(self.ok_json("report", self.records, "--last", 7, "--json")["requests"], 7)
        self.assertEqual(
            self.ok_json("report", f"{self.records}@no-such-version", "--json")["requests"], 0)
        late = self.ok_json("report", self.records, "--since", "1h", "--json")
        self.assertEqual(late["requests"], 100)

    def test_forms(self):
        text = self.ok("report", self.records)
        self.assertRegex(text, r"(?m)^Findings$")
        self.assertRegex(text, r"(?m)^chat\.decode +\d+ +[\d.]+ +[\d.]+ % ")
        markdown = self.ok("report", self.records, "--markdown", "--trend", "day")
        self.assertRegex(markdown, r"(?m)^\| chat\.decode \|")
        self.assertRegex(markdown, r"(?m)^## Trend by day")
        html = self.html.read_text()
        self.assertIn("<svg", html)
        self.assertNotRegex(html, r"https?://|<script|src=")

    def test_mistakes(self):
        self.fails(USAGE, "report")
        self.fails(USAGE, "report", self.records, "--demo")
        self.fails(FAILED, "report", self.folder / "missing.jsonl")
        broken = self.folder / "broken.jsonl"
        broken.write_text(self.records.read_text()[:-20])
        self.assertRegex(self.fails(FAILED, "report", broken), r"line 101: ")
        self.fails(FAILED, "report", self.records, "--since", "then")
        self.fails(FAILED, "compare", self.records, broken)


class Compare(ProgramTest):
    """Three servers take turns: the same build twice, and one whose forward passes take 10 % longer
    when they only generate. QAIO_TEST_REPEATS does it so many times, QAIO_TEST_SLOW slows another
    stage."""

    REQUESTS = 200
    REPEATS = int(os.environ.get("QAIO_TEST_REPEATS", "1"))
    SLOW = os.environ.get("QAIO_TEST_SLOW", "decode:0.1")
    INPUTS = ("今天的服务真的很好，我非常满意。", "这个产品太差了，用了一天就坏了。",
              "The food was great and the staff were friendly.",
              "Hello, what can you do for me today?", "快递等了一个星期，真让人失望。")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repeats = [cls.measure(cls.folder / str(i)) for i in range(cls.REPEATS)]
        cls.files = cls.repeats[0]

    @classmethod
    def measure(cls, folder):
        """Archives by the name of the server. One thread each and all on one core, as two cores are
        not equally fast where others use the machine as well."""
        folder.mkdir()
        builds = {"a": QAIO, "same": QAIO, "slowed": SLOWED}
        files = {name: folder / f"{name}.db" for name in builds}
        core = max(os.sched_getaffinity(0))
        with contextlib.ExitStack() as stack:
            clients = []
            for name, build in builds.items():
                server = stack.enter_context(Server(
                    "--threads", 1, "--archive", files[name], program=build, core=core,
                    environment={"QAIO_TEST_SLOW": cls.SLOW}))
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                stack.callback(client.close)
                clients.append(client)
            for i in range(cls.REQUESTS):
                body = json.dumps({"input": cls.INPUTS[i % len(cls.INPUTS)], "seed": i,
                                   "max_new_tokens": 24})
                first = i % len(clients)
                for client in clients[first:] + clients[:first]:
                    client.request("POST", "/chat", body.encode())
                    answer = client.getresponse()
                    assert answer.status == 200, answer.read()
                    answer.read()
        return files

    def compare(self, other, *options, files=None):
        files = files or self.files
        result = run("compare", files["a"], files[other], "--json", *options)
        self.assertEqual(result.stderr, "")
        return result.returncode, json.loads(result.stdout)

    def test_the_slowed_stage_is_named(self):
        slowed = "." + self.SLOW.split(":")[0]  # both tasks' prompts are read in the same passes
        for files in self.repeats:
            code, comparison = self.compare("slowed", files=files)
            self.assertEqual((code, comparison["verdict"]), (NO, "slower"), comparison["sentence"])
            self.assertTrue(comparison["stage"].endswith(slowed), comparison["sentence"])
            total = next(row for row in comparison["measures"] if row["name"] == "total")
            self.assertEqual((total["a"]["count"], total["b"]["count"]), (self.REQUESTS,) * 2)
            self.assertTrue(total["in_turns"])

    def test_the_same_build_is_not_slower(self):
        alarms = [comparison["sentence"] for code, comparison in
                  (self.compare("same", files=files) for files in self.repeats) if code != OK]
        self.assertLessEqual(len(alarms), self.REPEATS // 20, alarms)

    def test_text(self):
        result = run("compare", self.files["a"], self.files["slowed"])
        self.assertEqual(result.returncode, NO)
        self.assertRegex(result.stdout, r"(?m)^B is slower than A.*; [a-z.]+ is (probably )?responsible")

    def test_a_larger_minimum_change(self):
        self.assertEqual(self.compare("slowed", "--min-change", 50)[0], OK)


class CompareLoads(ProgramTest):
    def load_result(self, name, p50):
        latency = {"count": 100, "p50": p50, "p95": 2 * p50}
        path = self.folder / name
        path.write_text(json.dumps({"loop": "closed", "concurrency": 4, "requests": {"failed": 0},
                                    "ttft_ms": latency, "total_ms": latency}))
        return path

    def test_by_the_median(self):
        a, slower = self.load_result("a.json", 100), self.load_result("b.json", 120)
        self.assertEqual(run("compare", a, a).returncode, OK)
        result = run("compare", a, slower)
        self.assertEqual(result.returncode, NO)
        self.assertTrue(re.search("percentiles only", result.stdout))
        records = self.folder / "records.jsonl"
        records.write_text('{"request_id": "a", "lane": {}}\n')
        self.fails(FAILED, "compare", a, records)


if __name__ == "__main__":
    unittest.main()
