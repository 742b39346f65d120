"""qaio report and qaio compare on records of the real server."""

import contextlib
import http.client
import json
import math
import random
import re
import sqlite3
import unittest
import xml.etree.ElementTree

from program import FAILED, NO, OK, USAGE, ProgramTest, Server, run
from scripted_server import Answer, ScriptedServer


class Demo(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls.folder / "demo.jsonl"
        cls.html = cls.folder / "demo.html"
        # One thread: of two that share a core with others, one waits for the other.
        result = run("report", "--demo", "--threads", 1, "--json", "--save", cls.records, "--html",
                     cls.html)
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

    def test_the_questions_are_answered_by_a_hundred_requests(self):
        findings = {finding["id"]: finding for finding in self.report["findings"]}
        for question in ("bottleneck", "queueing", "physical_limits", "prefix_cache",
                         "task_switching", "cold_start"):
            self.assertIn(question, findings)
        found = [finding["found"] for finding in self.report["findings"]]
        self.assertEqual(found, sorted(found, reverse=True))  # what is not there stands last

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
        late = self.ok_json("report", self.records, "--since", "1h ago", "--json")
        self.assertEqual(late["requests"], 100)
        chats = self.ok_json("report", self.records, "--task", "chat", "--json")
        stages = {row["name"]: row["count"] for row in self.report["stages"]}
        self.assertEqual(chats["answered"], stages["chat.total"])

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
        self.fails(USAGE, "report", self.records, "--since", "then")
        self.fails(USAGE, "report", f"{self.records}@then..")
        for count in ("-1", "1.5", "9" * 23):
            self.assertIn(count, self.fails(USAGE, "report", self.records, "--last", count))
        self.fails(FAILED, "compare", self.records, broken)
        other = self.folder / "other.jsonl"
        other.write_text(re.sub(r'"model":"demo","model_hash":"\w+"',
                                '"model":"other","model_hash":"0"', self.records.read_text()))
        error = self.fails(FAILED, "report", other, "--limits", "--threads", 1)
        self.assertRegex(error, r"would measure demo \(.*\), but there are records of other \(")
        self.fails(FAILED, "report", self.records, "--limits", "--threads", 2)
        table = self.folder / "table.csv"
        table.write_text("arrived,arrived_unix_ms\n")
        for place in (table, self.folder):
            self.assertIn("CSV files are for spreadsheets", self.fails(FAILED, "report", place))

    def test_limits_of_the_same_setting(self):
        self.assertTrue(self.ok_json("report", self.records, "--limits", "--threads", 1,
                                     "--json")["limits_known"])


class OneAfterTheOther(ProgramTest):
    """An archive of two starts of a server whose only client waits for every answer; the first is
    said to be of version 0.0.1."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archive = cls.folder / "archive.db"
        for count in (60, 40):
            if cls.archive.exists():
                with contextlib.closing(sqlite3.connect(cls.archive)) as database, database:
                    database.execute("UPDATE runs SET version = '0.0.1'")
            with Server("--threads", 1, "--archive", cls.archive) as server:
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                for i in range(count):
                    body = json.dumps({"input": "今天的服务真的很好。" * (1 + i % 7), "seed": i,
                                       "max_new_tokens": 8 + i % 11})
                    client.request("POST", "/chat", body.encode())
                    answer = client.getresponse()
                    assert answer.status == 200, answer.read()
                    answer.read()
                client.request("GET", "/report?charts=1&trend=day&last=1000")
                cls.served = json.loads(client.getresponse().read())
                client.request("GET", "/compare?a_until=1h&b_since=1h&lang=zh")
                cls.comparison = json.loads(client.getresponse().read())
                client.request("GET", "/compare")
                cls.choices = json.loads(client.getresponse().read())
                names = [one["name"] for one in cls.choices["versions"]]
                client.request("GET", f"/compare?a_version={names[0]}&b_version={names[-1]}&charts=1")
                cls.versions = json.loads(client.getresponse().read())
                client.close()

    def findings(self, *options):
        report = self.ok_json("report", self.archive, *options, "--json")
        return {finding["id"]: finding for finding in report["findings"]}

    def test_charts_of_a_server_are_whole_pictures(self):
        self.assertEqual(self.served["answered"], 100)  # of both starts
        names = [chart["name"] for chart in self.served["charts"]]
        for name in ("shares", "timeline", "stages", "slowest.1", "trend"):
            self.assertIn(name, names)
        for chart in self.served["charts"]:
            root = xml.etree.ElementTree.fromstring(chart["svg"])
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            self.assertEqual(root.get("aria-label"), chart["title"])
            self.assertFalse([one for one in root.iter() if one.get("style") or one.get("href")])
        for finding in self.served["findings"]:
            self.assertTrue(finding["meaning"], finding)

    def test_a_server_compares_what_it_served(self):
        self.assertEqual(self.comparison["verdict"], "too few")
        self.assertEqual(self.comparison["b"]["answered"], 100)
        self.assertIn("请求太少", self.comparison["sentence"])

    def test_a_server_compares_versions_of_its_archive(self):
        old, new = self.choices["versions"]
        self.assertEqual((old["name"], old["answered"], new["answered"]), ("0.0.1", 60, 40))
        self.assertEqual(self.versions["a"]["versions"], ["0.0.1"])
        self.assertEqual((self.versions["a"]["answered"], self.versions["b"]["answered"]), (60, 40))
        self.assertIn(self.versions["verdict"], ("no difference", "slower", "faster"))
        total = next(one for one in self.versions["measures"] if one["name"] == "total")
        self.assertIsNotNone(total["change_interval"])
        self.assertEqual(len(self.versions["charts"]), 1)

    def test_in_chinese(self):
        text = self.ok("report", self.archive, "--lang", "zh", "--last", 0)
        self.assertRegex(text, r"(?m)^结论$")
        self.assertNotRegex(text, r" the | requests")
        self.fails(USAGE, "report", self.archive, "--lang", "de")

    def test_a_comparison_in_chinese(self):
        page = self.folder / "compare.zh.html"
        text = self.ok("compare", self.archive, self.archive, "--lang", "zh", "--html", page)
        self.assertIn("没有值得注意的差别。", text)
        self.assertIn("95 % 区间", text)
        self.assertNotRegex(text, r" the | requests|change|verdict|interval|small")
        html = page.read_text()
        self.assertIn("没有值得注意的差别。", html)
        self.assertIn('lang="zh-CN"', html)
        self.fails(USAGE, "compare", self.archive, self.archive, "--lang", "de")

    def test_a_comparison_as_a_page(self):
        page = self.folder / "compare.html"
        run("compare", self.archive, self.archive, "--html", page)
        html = page.read_text()
        self.assertIn("No difference that matters.", html)
        self.assertIn("<svg", html)
        self.assertNotRegex(html, r"https?://|<script|src=")

    def test_a_requests_own_tasks_are_no_neighbours(self):
        findings = self.findings("--last", 0)
        costs = findings.get("token_costs")  # a busy machine may hide them
        if costs is not None:
            self.assertEqual(costs["figures"]["per_neighbour_token_ms"], 0, costs)
        waits = [sentence for sentence in findings["queueing"]["evidence"]
                 if "found others waiting and" in sentence]
        self.assertEqual(waits, [])

    def test_a_cold_start_is_sought_in_every_run_that_is_whole(self):
        for options, starts in ((("--last", 0), 2), (("--last", 90), 1), (("--last", 40), 1)):
            cold = self.findings(*options)["cold_start"]
            if not cold["found"]:
                self.assertIn(f"{starts} start", cold["evidence"][0])
        self.assertNotIn("cold_start", self.findings("--last", 39))


def record(number, total_ms=0, status=200, task="chat", stages_ms=None):
    """A record's JSON: one request per second, with one task that decodes all the time or has these
    stages one after another."""
    stages = []
    ns = 0
    for stage, ms in (stages_ms or {"decode": total_ms}).items():
        stages.append([stage, ns, ns + round(ms * 1e6)])
        ns += round(ms * 1e6)
    lane = {"begin_ns": 0, "end_ns": ns, "dropped": 0}
    record = {"request_id": f"r{number}", "method": "POST", "path": "/chat", "routed": True,
              "arrived_unix_ms": 1_790_000_000_000 + 1000 * number, "status": status,
              "lane": {**lane, "stages": [["tasks", 0, ns]]}, "tasks": []}
    if status == 200:
        record["tasks"] = [{"task": task, "lane": {**lane, "stages": stages},
                            "counters": {"prompt_tokens": 10, "completion_tokens": 10},
                            "finish_reason": "stop"}]
    else:
        record["error_code"] = "internal"
    return record


class CompareRecords(ProgramTest):
    def write(self, name, records, version="1.0", model="demo"):
        run_line = {"run": {"version": version, "model": model, "started_unix_ms": 1}}
        path = self.folder / name
        path.write_text("".join(json.dumps(line) + "\n" for line in [run_line, *records]))
        return path

    def usual(self, name, **options):
        """400 requests of 10 to 17 ms."""
        return self.write(name, [record(i, 10 + i * 7 % 8) for i in range(400)], **options)

    def in_turns(self, name, seed, decode=1.0, prefill=1.0):
        """200 requests of a server that takes turns with others on a machine whose speed drifts: a
        slow wave for all of them, some chance for each, and now and then a request that waited."""
        chance = random.Random(seed)
        records = []
        for i in range(200):
            slow = 1 + 0.2 * math.sin(i / 15)
            stages_ms = {"queue": 0.05 + (30 if chance.random() < 0.02 else 0),
                         "prefill": prefill * slow * (3 + i % 5 * 0.2) * chance.gauss(1, 0.03),
                         "decode": decode * slow * (12 + i % 5 * 0.5) * chance.gauss(1, 0.03)}
            records.append(record(i, stages_ms=stages_ms))
        return self.write(name, records)

    def test_a_slowed_stage_is_named(self):
        a = self.in_turns("a.jsonl", 1)
        for stage in ("decode", "prefill"):
            b = self.in_turns("b.jsonl", 2, **{stage: 1.1})
            result = run("compare", a, b, "--json")
            comparison = json.loads(result.stdout)
            self.assertEqual((result.returncode, result.stderr, comparison["verdict"]),
                             (NO, "", "slower"), comparison["sentence"])
            self.assertEqual(comparison["stage"], "chat." + stage, comparison["sentence"])
            total = next(row for row in comparison["measures"] if row["name"] == "total")
            self.assertEqual((total["a"]["count"], total["b"]["count"]), (200, 200))
            self.assertTrue(total["in_turns"])
            self.assertRegex(run("compare", a, b).stdout, r"(?m)^B is slower than A.*; chat\."
                             rf"{stage} is (probably )?responsible")
            self.assertEqual(run("compare", a, b, "--min-change", 50).returncode, OK)

    def test_equals_in_turns_are_not_slower(self):
        a = self.in_turns("a.jsonl", 1)
        for seed in range(2, 12):
            self.ok("compare", a, self.in_turns("same.jsonl", seed))

    def test_a_tail(self):
        b = self.write("b.jsonl", [record(i, 10 + i * 7 % 8 + 100 * (i * 13 % 31 < 3))
                                   for i in range(400)])
        result = run("compare", self.usual("a.jsonl"), b)
        self.assertEqual((result.returncode, result.stderr), (NO, ""), result.stdout)
        self.assertRegex(result.stdout, r"(?m)^B is slower than A: total \+\d+ % of its p95 \(17 to "
                                        r"11\d ms\); chat\.decode is responsible \(p95")
        self.assertRegex(result.stdout, r"(?m)^total .* slower \(p95\)$")

    def test_failures(self):
        b = self.write("b.jsonl", [record(i, 12, 500 if i % 2 else 200) for i in range(400)])
        result = run("compare", self.usual("a.jsonl"), b)
        self.assertEqual(result.returncode, NO)
        self.assertIn("More requests failed: 50 % (200 of 400) of B's, none of A's.", result.stdout)
        self.assertRegex(result.stdout, r"(?m)^failed +0 \(0 %\) +200 \(50 %\)  worse$")

    def test_says_what_the_sides_are(self):
        a = self.usual("a.jsonl")
        text = self.ok("compare", a, self.usual("b.jsonl", version="2.0", model="other"))
        self.assertRegex(text, rf"(?m)^file +{a} +{self.folder / 'b.jsonl'}$")
        self.assertRegex(text, r"(?m)^version +1\.0 +2\.0$")
        self.assertRegex(text, r"(?m)^model +demo +other$")
        self.assertRegex(text, r"(?m)^first +2026-09-21 \S+ UTC +2026-09-21 \S+ UTC$")
        self.assertRegex(text, r"(?m)^requests +400 +400$")
        self.assertRegex(text, r"(?m)^total +13\.0 +13\.0 +\+0\.0 % +\S+ to \S+ % ")

    def test_a_task_of_one_side(self):
        both = self.write("both.jsonl", [record(i, 10 + i * 7 % 8, task="chat" if i % 3 else "sentiment")
                                         for i in range(400)])
        self.assertIn("Only in A: the task sentiment.",
                      self.ok("compare", both, self.usual("b.jsonl")))

    def test_two_models_of_one_file(self):
        both = self.folder / "both.jsonl"
        quick = [record(i, 10 + i * 7 % 8) for i in range(400)]
        slow = [record(i, 2 * (10 + i * 7 % 8), task="chat" if i % 2 else "sentiment")
                for i in range(400, 800)]
        both.write_text(self.write("quick.jsonl", quick).read_text() +
                        self.write("slow.jsonl", slow, model="large").read_text())
        a, b = f"{both}@model=demo", f"{both}@model=large"
        result = run("compare", a, b)
        self.assertEqual(result.returncode, NO)
        self.assertRegex(result.stdout, r"(?m)^model +demo +large$")
        self.assertRegex(result.stdout, r"(?m)^requests +400 +400$")
        result = run("compare", a, b, "--task", "chat", "--route", "/chat", "--last", 150)
        self.assertRegex(result.stdout, r"(?m)^requests +150 +150$")
        self.assertNotIn("Only in B", result.stdout)
        self.fails(FAILED, "compare", a, b, "--route", "/nowhere")

    def test_too_few_are_no_yes(self):
        few = self.write("few.jsonl", [record(i, 12) for i in range(19)])
        result = run("compare", self.usual("a.jsonl"), few)
        self.assertEqual(result.returncode, FAILED)
        self.assertEqual(result.stderr,
                         "qaio: Too few requests to compare times: 400 of A and 19 of B were "
                         "answered, and it takes 20 of each.\n")
        self.assertRegex(result.stdout, r"(?m)^answered +400 +19$")
        result = run("compare", self.usual("a.jsonl"), few, "--json")
        self.assertEqual(result.returncode, FAILED)
        self.assertEqual(json.loads(result.stdout)["verdict"], "too few")

    def test_a_path_with_an_at(self):
        self.ok("compare", self.usual("a@1.jsonl"), self.usual("b@2.jsonl"))
        self.ok("compare", f"{self.usual('a@1.jsonl')}@1.0", self.usual("b@2.jsonl"))

    def test_usage(self):
        a = self.usual("a.jsonl")
        for wrong in (["--last", -1], ["--last", "9" * 23], ["--last", "many"],
                      ["--min-change", "nan"]):
            self.fails(USAGE, "compare", a, a, *wrong)
        self.assertIn("archive", self.ok("compare", "--help"))


class CompareLoads(ProgramTest):
    def load(self, name, count, answer=lambda _: Answer(tokens=3), scale=None, seed=0):
        """The report of a real load; with `scale`, of times between 10 and 33 ms by as much."""
        with ScriptedServer(answer) as server:
            report = self.ok_json("load", "--url", server.url, "--endpoint", "/v1/chat/completions",
                                  "--count", count, "--concurrency", 4, "--json")
        if scale is not None:
            chance = random.Random(seed)
            ttft_ms = [scale * chance.uniform(10, 33) for _ in range(count)]
            report["samples"] |= {"due_ms": [6 * i for i in range(count)], "ttft_ms": ttft_ms,
                                  "total_ms": [ms + 1 for ms in ttft_ms], "tpot_ms": [0.5] * count}
        path = self.folder / name
        path.write_text(json.dumps(report))
        return path

    def test_loads_of_the_same_server_are_not_flagged(self):
        a, b = (self.load(f"{seed}.json", 30, scale=1, seed=seed) for seed in (1, 2))
        text = self.ok("compare", a, b)
        self.assertRegex(text, r"(?m)^load +closed loop, concurrency 4 +closed loop, concurrency 4$")
        self.assertRegex(text, r"(?m)^requests +30 +30$")
        self.assertIn("--task", self.fails(FAILED, "compare", a, b, "--task", "chat"))

    def test_a_slower_server_is(self):
        a, b = self.load("a.json", 200, scale=1, seed=1), self.load("b.json", 200, scale=2, seed=2)
        result = run("compare", a, b)
        self.assertEqual(result.returncode, NO, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^B is slower than A: total \+\d+")

    def test_a_failing_server_is_worse(self):
        a = self.load("a.json", 60, lambda _: Answer(tokens=1))
        b = self.load("b.json", 60, lambda number: Answer(status=500 if number % 2 else 200, tokens=1))
        result = run("compare", a, b)
        self.assertEqual(result.returncode, NO, result.stdout)
        self.assertIn("More requests failed: 5", result.stdout)

    def test_percentiles_alone_cannot_be_judged(self):
        latency = {"count": 100, "p50": 100, "p95": 200}
        a = self.folder / "old.json"
        a.write_text(json.dumps({"loop": "closed", "concurrency": 4, "requests": {"failed": 0},
                                 "ttft_ms": latency, "total_ms": latency}))
        result = run("compare", a, a)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn("both hold only percentiles", result.stderr)
        records = self.folder / "records.jsonl"
        records.write_text('{"request_id": "a", "lane": {}}\n')
        self.fails(FAILED, "compare", a, records)


if __name__ == "__main__":
    unittest.main()
