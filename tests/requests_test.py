"""What GET /requests finds: each filter against a look through all records, those of memory and those
that only the archive holds, in each form."""

import collections
import contextlib
import csv
import http.client
import io
import json
import random
import unittest
import urllib.parse

from metrics_test import Client, wait_for
from program import ProgramTest, Server

KEPT = 25  # in memory; the others are found in the archive
FORMULA = "=A1+cmd|x"  # an id that a client may choose
OUTCOMES = ("answered", "client_error", "refused", "failed", "cancelled")


def outcome(record):
    """docs/tracing.md's rule."""
    status = record["status"]
    if status == 499:
        return "cancelled"
    if status in (429, 503):
        return "refused"
    if status >= 500:
        return "failed"
    if status >= 400:
        return "client_error"
    return "failed" if record["error"] else "answered"


def is_status(record, text):
    return any(part in (str(record["status"]), f"{record['status'] // 100}xx", outcome(record))
               for part in text.split(","))


def total(record):
    return record["total_response_time_ms"]


class Requests(ProgramTest):
    ARCHIVE = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        arguments = ["--records-kept", KEPT if cls.ARCHIVE else 1000, "--body-bytes-max", 1024]
        if cls.ARCHIVE:
            arguments += ["--archive", cls.folder / "archive.db"]
        cls.server = cls.enterClassContext(Server(*arguments))
        cls.client = Client(cls.server.port)
        cls.addClassCleanup(cls.client.connection.close)
        cls.sent = 0
        cls.send_all_kinds()
        cls.all = []
        while not any(outcome(record) == "cancelled" for record in cls.all):
            cls.leave_early()  # unless the answer is there first
            cls.all = wait_for(cls.all_recorded, "the records of all requests")

    @classmethod
    def all_recorded(cls):
        records = cls.client.json("/requests?limit=1000")["requests"]
        return records if len(records) == cls.sent else None

    @classmethod
    def post(cls, path, body, headers={}, stay=True):
        """On a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", cls.server.port)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(body), headers)
            connection.getresponse().read(None if stay else 1)
        cls.sent += 1

    @classmethod
    def send_all_kinds(cls):
        rng = random.Random(5)
        for i in range(40):
            tasks = rng.choice([["sentiment"], ["chat"], ["sentiment", "chat"]])
            cls.post("/chat", {"input": "好" * rng.randrange(1, 40), "tasks": tasks,
                               "max_new_tokens": rng.randrange(1, 12), "seed": i})
            if i % 4 == 0:
                cls.post("/chat", {"input": ""})
            if i % 8 == 0:
                cls.post("/nowhere", {})
                cls.post("/chat", {"input": "long " * 400})  # 413
        cls.post("/chat", {"input": "hi"}, {"X-Request-Id": FORMULA})

    @classmethod
    def leave_early(cls):
        cls.post("/chat", {"input": "tell me a long story", "tasks": ["chat"], "stream": True,
                           "max_new_tokens": 4000, "seed": cls.sent}, stay=False)

    def found(self, query):
        return [one["request_id"] for one in self.client.json("/requests?limit=1000&" + query)["requests"]]

    def test_there_is_something_of_each_kind(self):
        kinds = collections.Counter(outcome(record) for record in self.all)
        for kind in ("answered", "client_error", "cancelled"):
            self.assertGreater(kinds[kind], 0, kinds)
        self.assertGreater(len(self.all), 2 * KEPT)
        self.assertEqual(len({record["request_id"] for record in self.all}), len(self.all))
        self.assertEqual({400, 404, 413, 499, 200} - {record["status"] for record in self.all}, set())

    def test_statuses_are_those_of_all_records(self):
        for text in ("200", "404", "4xx", "5xx", "499", "413,404", "200,cancelled", "2xx,4xx",
                     "failed,refused", "4xx,answered", "100", *OUTCOMES):
            with self.subTest(status=text):
                self.assertEqual(self.found(f"status={text}"),
                                 [one["request_id"] for one in self.all if is_status(one, text)])

    def test_any_filters_together(self):
        """A random choice of all combinations, the same every time."""
        times = sorted(total(record) for record in self.all)
        arrived = sorted(record["arrived_unix_ms"] for record in self.all)
        choices = {
            "status": [None, "4xx", "answered", "200,404", "client_error,cancelled"],
            "task": [None, None, "chat", "sentiment"],
            "min_chars": [None, None, 0, 1, 10],
            "max_chars": [None, None, 10, 25],
            "slow": [None, None, times[len(times) // 3] + 0.0005],
            "since": [None, None, arrived[len(arrived) // 4]],
            "until": [None, None, arrived[3 * len(arrived) // 4]],
            "limit": [1000, 1000, 7, KEPT],
            "sort": [None, "newest", "slowest"],
        }
        rng = random.Random(11)
        for _ in range(150):
            asked = {name: rng.choice(values) for name, values in choices.items()}
            if (asked["max_chars"] or 1 << 30) < (asked["min_chars"] or 0):
                continue
            with self.subTest(**asked):
                self.check(asked)

    def wanted(self, record, asked):
        tasks = [task["task"] for task in record["tasks"]]
        return ((asked["status"] is None or is_status(record, asked["status"]))
                and (asked["task"] is None or asked["task"] in tasks)
                and record["input_chars"] >= (asked["min_chars"] or 0)
                and record["input_chars"] <= (asked["max_chars"] or 1 << 60)
                and total(record) >= (asked["slow"] or 0)
                and record["arrived_unix_ms"] >= (asked["since"] or 0)
                and record["arrived_unix_ms"] < (asked["until"] or 1 << 60))

    def check(self, asked):
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        found = self.client.json("/requests?" + query)["requests"]
        expected = [record for record in self.all if self.wanted(record, asked)]
        if asked["sort"] == "slowest":
            expected.sort(key=total, reverse=True)
            expected = expected[:asked["limit"]]
            # of equal times any may come first
            self.assertEqual([total(one) for one in found], [total(one) for one in expected])
            for record in found:
                self.assertTrue(self.wanted(record, asked))
            self.assertEqual(len({one["request_id"] for one in found}), len(found))
            return
        self.assertEqual([one["request_id"] for one in found],
                         [one["request_id"] for one in expected[:asked["limit"]]])

    def csv(self, query):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        with contextlib.closing(connection):
            connection.request("GET", "/requests?format=csv&" + query)
            response = connection.getresponse()
            text = response.read().decode()
            self.assertEqual(response.status, 200, text)
            return response, list(csv.DictReader(io.StringIO(text, newline="")))

    def test_csv_says_the_same(self):
        for query in ("limit=1000", "limit=1000&sort=slowest", "limit=9&status=4xx", "task=nobody"):
            with self.subTest(query):
                response, rows = self.csv(query)
                self.assertEqual(response.headers["Content-Type"],
                                 "text/csv; charset=utf-8; header=present")
                self.assertEqual(response.headers["Content-Disposition"],
                                 'attachment; filename="qaio-requests.csv"')
                records = self.client.json("/requests?" + query)["requests"]
                self.assertEqual([row["request_id"].lstrip("'") for row in rows],
                                 [record["request_id"] for record in records])
                for row, record in zip(rows, records):
                    self.assertEqual(int(row["total_us"]), round(1000 * total(record)))
                    self.assertEqual(int(row["status"]), record["status"])
                    self.assertEqual(int(row["input_chars"]), record["input_chars"])
                    self.assertEqual(row["error_code"], record["error"] or "")
                    self.assertEqual(row["tasks"].split(), [task["task"] for task in record["tasks"]])
                    self.assertNotIn("input_text", row)

    def test_a_cell_is_no_formula(self):
        _, rows = self.csv("id=" + urllib.parse.quote(FORMULA))
        self.assertEqual([row["request_id"] for row in rows], ["'" + FORMULA])

    def test_a_file_is_downloaded_where_one_is_asked_for(self):
        for query, name in (("download=1", "qaio-requests.json"), ("download=0", None), ("", None),
                            ("format=chrome", "qaio-trace.json"),
                            ("format=csv&download=1", "qaio-requests.csv")):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
            with self.subTest(query), contextlib.closing(connection):
                connection.request("GET", "/requests?" + query)
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.headers["Content-Disposition"],
                                 name and f'attachment; filename="{name}"')

    def test_timelines_are_filtered_too(self):
        timeline = self.client.json("/requests?limit=1000&format=chrome&status=404")
        shown = {event["args"]["request_id"] for event in timeline["traceEvents"]
                 if event.get("cat") == "request"}
        expected = set(self.found("status=404"))
        self.assertLessEqual(shown, expected)
        if not self.ARCHIVE:  # a timeline is of memory alone
            self.assertEqual(shown, expected)
            self.assertIn("POST /*", json.dumps(timeline))
        self.assertNotIn("/chat", json.dumps(timeline))

    def test_says_which_field_is_wrong(self):
        for query, field, message in (
                ("status=ok", "status", "'ok' is no status"),
                ("status=", "status", "'' is no status"),
                ("status=99", "status", "'99' is no status"),
                ("status=200,", "status", "'' is no status"),
                ("min_chars=-1", "min_chars", "a whole number from 0"),
                ("max_chars=x", "max_chars", "a whole number from 0"),
                ("min_chars=9&max_chars=8", "max_chars", "a whole number from 9"),
                ("sort=oldest", "sort", "'sort' must be newest or slowest"),
                ("format=xml", "format", "'format' must be json, csv or chrome"),
                ("download=yes", "download", "'download' must be 0 or 1"),
                ("stauts=200", "stauts", "known are limit, slow, task, id, key, status")):
            with self.subTest(query):
                status, body = self.client.request("GET", "/requests?" + query)
                error = json.loads(body)["error"]
                self.assertEqual((status, error["field"]), (400, field))
                self.assertIn(message, error["message"])


class RequestsInMemory(Requests):
    """The same without an archive."""
    ARCHIVE = False


if __name__ == "__main__":
    unittest.main()
