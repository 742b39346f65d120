"""qaio report and qaio compare on records of the real server."""

import json
import os
import pathlib
import re
import subprocess
import unittest

from program import FAILED, NO, OK, QAIO, USAGE, ProgramTest, run

SLOWED = str(pathlib.Path(QAIO).with_name("qaio_slowed"))
SLOWDOWN = os.environ.get("QAIO_TEST_SLOWDOWN", "1")
ROUNDS = 5  # of 40 requests each: of 58, those that --demo sends one at a time


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
    """Three builds take turns on one thread, so that what disturbs the machine disturbs all of them and
    threads do not wait for one another: the same one twice, and one whose forward passes take longer
    when they only generate. Twice as long, for a shared machine's disturbances hide less;
    QAIO_TEST_SLOWDOWN sets another factor, and src/observe/compare_test.cpp has the 10 % cases."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        environment = {**os.environ, "QAIO_TEST_SLOW": f"decode:{SLOWDOWN}"}
        builds = {"a": (QAIO, None), "same": (QAIO, None), "slowed": (SLOWED, environment)}
        cls.files = {name: cls.folder / f"{name}.jsonl" for name in builds}
        for turn in range(ROUNDS):
            for name, (program, its_environment) in builds.items():
                part = cls.folder / "part.jsonl"
                subprocess.run([program, "report", "--demo", "--count", "58", "--threads", "1",
                                "--save", part], check=True, capture_output=True,
                               env=its_environment, timeout=60)
                with cls.files[name].open("a") as file:
                    file.writelines(part.read_text().splitlines(keepends=True)[:1 + 40])

    def compare(self, other, *options):
        result = run("compare", self.files["a"], self.files[other], "--json", *options)
        self.assertEqual(result.stderr, "")
        return result.returncode, json.loads(result.stdout)

    def test_the_slowed_stage_is_named(self):
        code, comparison = self.compare("slowed")
        self.assertEqual((code, comparison["verdict"], comparison["stage"]),
                         (NO, "slower", "chat.decode"), comparison["sentence"])
        total = next(row for row in comparison["measures"] if row["name"] == "total")
        self.assertGreater(min(total["a"]["count"], total["b"]["count"]), 180)

    def test_the_same_build_is_not_slower(self):
        code, comparison = self.compare("same")
        self.assertEqual(code, OK, comparison["sentence"])

    def test_text(self):
        result = run("compare", self.files["a"], self.files["slowed"])
        self.assertEqual(result.returncode, NO)
        self.assertRegex(result.stdout, r"(?m)^B is slower than A: .*chat\.decode is (probably )?responsible")

    def test_a_larger_minimum_change(self):
        self.assertEqual(self.compare("slowed", "--min-change", 500)[0], OK)


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
