"""Timelines in the Trace Event Format, of a running server and of its archive, checked strictly."""

import concurrent.futures
import json
import time
import unittest
import urllib.request

from program import FAILED, ProgramTest, Server

CHATS = 8
PHASES = {  # what each kind of event has beside ph, pid, tid and name
    "X": {"cat", "ts", "dur", "args"},
    "i": {"cat", "ts", "s"},
    "M": {"args"},
}
METADATA = {"process_name": "name", "process_sort_index": "sort_index",
            "thread_name": "name", "thread_sort_index": "sort_index"}
ROUNDING_US = 0.0015  # of two times in ns, written as us


class Timeline:
    """The events of a trace, after a look at each of them and at how they nest."""

    def __init__(self, test, text):
        self.test = test
        trace = json.loads(text, parse_constant=test.fail)
        test.assertEqual(set(trace), {"displayTimeUnit", "otherData", "traceEvents"})
        self.origin_unix_ms = trace["otherData"]["origin_unix_ms"]
        self.events = trace["traceEvents"]
        self.names = {}  # (pid, tid): name; tid None: the group's
        for event in self.events:
            self.check_event(event)
        for track in {(event["pid"], event["tid"]) for event in self.intervals()}:
            test.assertIn(track, self.names)
            test.assertIn((track[0], None), self.names)
            self.check_nesting(track)

    def check_event(self, event):
        test = self.test
        test.assertEqual(set(event), {"ph", "pid", "tid", "name"} | PHASES[event["ph"]], event)
        test.assertIsInstance(event["pid"], int)
        test.assertIsInstance(event["tid"], int)
        if event["ph"] == "M":
            key = METADATA[event["name"]]
            test.assertEqual(set(event["args"]), {key})
            if key == "name":
                track = (event["pid"], event["tid"] if event["name"] == "thread_name" else None)
                test.assertNotIn(track, self.names, "named twice")
                self.names[track] = event["args"]["name"]
            return
        test.assertGreaterEqual(event["ts"], 0)
        if event["ph"] == "X":
            test.assertGreaterEqual(event["dur"], 0)
        else:
            test.assertEqual(event["s"], "t")

    def check_nesting(self, track):
        """Intervals of one track are apart or one is inside the other; parents come first."""
        open_ends = []
        last = 0
        for event in self.intervals():
            if (event["pid"], event["tid"]) != track:
                continue
            begin, end = event["ts"], event["ts"] + event["dur"]
            self.test.assertGreaterEqual(begin, last, "in order of time")
            last = begin
            while open_ends and open_ends[-1] <= begin + ROUNDING_US:
                open_ends.pop()
            if open_ends:
                self.test.assertLessEqual(end, open_ends[-1] + ROUNDING_US, event)
            open_ends.append(end)

    def intervals(self, category=None):
        return [event for event in self.events
                if event["ph"] == "X" and category in (None, event["cat"])]

    def inside(self, outer):
        """Intervals of the same track within one."""
        end = outer["ts"] + outer["dur"] + ROUNDING_US
        return [event for event in self.intervals() if event is not outer
                and (event["pid"], event["tid"]) == (outer["pid"], outer["tid"])
                and outer["ts"] <= event["ts"] and event["ts"] + event["dur"] <= end]


class TimelineTest(ProgramTest):
    """A server that has answered a few chats, some of them side by side."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archive = cls.folder / "kept.db"
        cls.server = cls.enterClassContext(Server("--archive", cls.archive, "--record-text"))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.answers = list(pool.map(cls.chat, range(CHATS)))
        deadline = time.monotonic() + 60
        while len(cls.records()) < CHATS:  # on another connection they are there within moments
            assert time.monotonic() < deadline

    @classmethod
    def get(cls, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{cls.server.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    @classmethod
    def chat(cls, number):
        body = json.dumps({"input": f"你好 {number}", "seed": number, "max_new_tokens": 24})
        request = urllib.request.Request(f"http://127.0.0.1:{cls.server.port}/chat", body.encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    @classmethod
    def records(cls):
        return json.loads(cls.get("/requests?limit=100"))["requests"]

    def agrees(self, timeline, record):
        """The intervals of one request with its record."""
        [request] = [event for event in timeline.intervals("request")
                     if event["args"]["request_id"] == record["request_id"]]
        self.assertAlmostEqual(request["dur"] / 1e3, record["total_response_time_ms"], delta=0.002)
        group = [event for event in timeline.intervals()
                 if event["pid"] == request["pid"] and request["ts"] <= event["ts"]
                 and event["ts"] + event["dur"] <= request["ts"] + request["dur"] + ROUNDING_US]
        outer = {"request": request} | {event["name"]: event for event in group
                                        if event["cat"] == "task"}
        for lane in record["lanes"]:
            stages = [event for event in timeline.inside(outer[lane["lane"]])
                      if event["cat"] == "stage"]
            self.assertEqual([event["name"] for event in stages],
                             [one["stage"] for one in lane["intervals"]])
            for event, one in zip(stages, lane["intervals"]):
                self.assertAlmostEqual((event["ts"] - request["ts"]) / 1e3, one["begin_ms"],
                                       delta=0.002)
                self.assertAlmostEqual(event["dur"] / 1e3, one["end_ms"] - one["begin_ms"],
                                       delta=0.003)
        for task in record["tasks"]:
            for field in ("prompt_tokens", "cached_tokens", "completion_tokens", "queued_ahead"):
                self.assertEqual(outer[task["task"]]["args"][field], task["counters"][field])


class Live(TimelineTest):
    def test_one_request(self):
        record = self.records()[0]
        timeline = Timeline(self, self.get(f"/requests/{record['request_id']}?format=chrome"))
        self.agrees(timeline, record)
        self.assertEqual(sorted(name for (_, track), name in timeline.names.items() if track),
                         ["request", "steps", "task chat", "task sentiment"])
        moments = [event for event in timeline.events if event["ph"] == "i"]
        self.assertEqual([event["name"] for event in moments], ["first token"])

    def test_all_requests_and_the_steps_they_shared(self):
        timeline = Timeline(self, self.get("/requests?format=chrome&limit=100"))
        records = self.records()
        self.assertEqual(len(timeline.intervals("request")), CHATS)
        for record in records:
            self.agrees(timeline, record)
        first = min(timeline.intervals("request"), key=lambda event: event["ts"])
        [arrived] = [one["arrived_unix_ms"] for one in records
                     if one["request_id"] == first["args"]["request_id"]]
        self.assertAlmostEqual(timeline.origin_unix_ms + first["ts"] / 1e3, arrived, delta=1)
        # One that ends the warm-up may still be under way when the first request comes.
        steps = [step for step in timeline.intervals("step") if step["ts"] >= first["ts"]]
        tasks = [task["counters"] for record in records for task in record["tasks"]]
        computed = sum(task["prompt_tokens"] - task["cached_tokens"] for task in tasks)
        self.assertEqual(sum(step["args"]["prompt_tokens"] for step in steps), computed)
        self.assertEqual(sum(step["args"]["cached_tokens"] for step in steps),
                         sum(task["cached_tokens"] for task in tasks))
        # Every pass of every task is one sequence of one step.
        self.assertEqual(sum(step["args"]["sequences"] for step in steps),
                         sum(task["prefill_steps"] + task["decode_steps"] for task in tasks))
        self.assertGreater(max(step["args"]["sequences"] for step in steps), 1)

    def test_a_span_of_time(self):
        middle = sorted(one["arrived_unix_ms"] for one in self.records())[CHATS // 2]
        counts = [len(Timeline(self, self.get(f"/requests?format=chrome&{span}={middle}"))
                      .intervals("request")) for span in ("since", "until")]
        self.assertEqual(sum(counts), CHATS)
        self.assertGreater(counts[0], 0)
        nothing = Timeline(self, self.get("/requests?format=chrome&until=2000-01-01"))
        self.assertEqual(nothing.events, [])

    def test_texts_stay_out(self):
        self.assertNotIn("你好", self.get("/requests?format=chrome"))


class Archived(TimelineTest):
    def test_an_archive(self):
        records = self.records()
        self.server.stop()  # everything is in the archive now
        self.assertIn("你好", self.ok("export", self.archive, "--format", "jsonl"))
        wanted = ("export", self.archive, "--format", "chrome", "--route", "/chat")
        text = self.ok(*wanted)
        self.assertNotIn("你好", text)
        timeline = Timeline(self, text)
        self.assertEqual(len(timeline.intervals("request")), CHATS)
        for record in records:
            self.agrees(timeline, record)
        out = self.folder / "trace.json"
        self.assertEqual(self.ok(*wanted, "--last", "2", "--output", out), "")
        self.assertEqual(len(Timeline(self, out.read_text()).intervals("request")), 2)
        self.fails(FAILED, "export", self.folder / "missing.db", "--format", "chrome")


if __name__ == "__main__":
    unittest.main()
