"""The server under the eyes of a real Prometheus, and its own statistics against its records."""

import http.client
import json
import math
import os
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

from program import ROOT, ProgramTest, Server, run

TOOLS = ROOT / "build/test-tools/usr/bin"
SCRAPE_INTERVAL_S = 1
CHATS, SENTIMENTS, REFUSED = 12, 5, 3
SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def tool(name):
    """A program of Debian's package `prometheus`."""
    found = shutil.which(name, path=f"{TOOLS}:{os.environ.get('PATH', '')}")
    if not found:
        raise AssertionError(f"{name} is missing; `./dev test` unpacks it in build/test-tools")
    return found


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(condition, what, seconds=60):
    """The first true value of condition(), which may fail until then."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out: {what}")
        time.sleep(0.1)


class Client:
    """One connection: what it asked for is recorded when it asks next."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def request(self, method, path, body=None):
        self.connection.request(method, path, body and json.dumps(body),
                                {"X-Client-Token": "of-these-tests-only"})
        response = self.connection.getresponse()
        return response.status, response.read().decode()

    def json(self, path):
        status, body = self.request("GET", path)
        assert status == 200, body
        return json.loads(body)

    def samples(self):
        """{(name, sorted labels): value} of /metrics."""
        _, text = self.request("GET", "/metrics")
        found = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            found[name, tuple(sorted(LABEL.findall(labels or "")))] = float(value)
        return found


class MetricsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(Server("--records-kept", "1000"))
        cls.client = Client(cls.server.port)
        cls.addClassCleanup(cls.client.connection.close)
        cls.answers = [cls.post("/chat", {"input": f"你好 {i}", "seed": i, "max_new_tokens": 24})
                       for i in range(CHATS)]
        for i in range(SENTIMENTS):
            cls.post("/v1/tasks/sentiment", {"input": f"I love this, number {i}"})
        for _ in range(REFUSED):
            assert cls.client.request("POST", "/chat", {"input": ""})[0] == 400
        cls.client.json("/stats")  # everything above is observed now

    @classmethod
    def post(cls, path, body):
        status, text = cls.client.request("POST", path, body)
        assert status == 200, text
        return json.loads(text)


class Counters(MetricsTest):
    def test_promtool_finds_nothing_to_complain_about(self):
        _, text = self.client.request("GET", "/metrics")
        result = subprocess.run([tool("promtool"), "check", "metrics"], input=text,
                                capture_output=True, text=True, timeout=60)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_they_equal_what_was_sent(self):
        samples = self.client.samples()

        def value(name, **labels):
            return samples.get((name, tuple(sorted(labels.items()))), 0)

        self.assertEqual(value("qaio_requests_total", route="/chat", status="2xx"), CHATS)
        self.assertEqual(value("qaio_requests_total", route="/chat", status="4xx"), REFUSED)
        self.assertEqual(value("qaio_requests_total", route="/v1/tasks/{name}", status="2xx"),
                         SENTIMENTS)
        self.assertEqual(value("qaio_errors_total", code="invalid_argument"), REFUSED)
        self.assertEqual(value("qaio_tasks_total", task="sentiment", reason="scored"),
                         CHATS + SENTIMENTS)
        self.assertEqual(sum(value("qaio_tasks_total", task="chat", reason=reason)
                             for reason in ("stop", "length")), CHATS)
        for metric, field in (("prompt", "prompt_tokens"), ("cached_prompt", "cached_tokens"),
                              ("generated", "completion_tokens")):
            both = [value(f"qaio_{metric}_tokens_total", task=task) for task in ("chat", "sentiment")]
            records = self.client.json("/requests?limit=100")["requests"]
            self.assertEqual(sum(both), sum(task["counters"][field] for record in records
                                            for task in record["tasks"]), metric)
        generated = [answer["usage"]["completion_tokens"] for answer in self.answers]
        self.assertEqual(value("qaio_generated_tokens_total", task="chat"), sum(generated))
        self.assertEqual(value("qaio_inter_token_seconds_count", task="chat"),
                         sum(generated) - CHATS)
        for name in ("request_duration_seconds", "time_to_first_token_seconds", "decode_seconds"):
            label = {"route": "/chat"} if name.startswith("request") else {"task": "chat"}
            self.assertEqual(value(f"qaio_{name}_count", **label), CHATS, name)
        self.assertEqual(value("qaio_queue_seconds_count", task="sentiment"), CHATS + SENTIMENTS)
        self.assertEqual(value("qaio_records_dropped_total"), 0)
        self.assertEqual(value("qaio_ready"), 1)
        self.assertEqual(value("qaio_sequences_running"), 0)
        self.assertAlmostEqual(value("process_start_time_seconds"), time.time(), delta=300)

    def test_sums_are_those_of_the_records(self):
        samples = self.client.samples()
        records = [record for record in self.client.json("/requests?limit=100&task=chat")["requests"]]
        self.assertEqual(len(records), CHATS)
        for metric, figure in (("qaio_prefill_seconds", "chat.prefill"),
                               ("qaio_decode_seconds", "chat.decode"),
                               ("qaio_queue_seconds", "chat.queue"),
                               ("qaio_task_duration_seconds", "chat.total")):
            total_ms = sum(record["breakdown"][figure] for record in records)
            self.assertAlmostEqual(samples[metric + "_sum", (("task", "chat"),)] * 1e3, total_ms,
                                   delta=0.001 * CHATS, msg=metric)


class Statistics(MetricsTest):
    def test_percentiles_are_those_of_the_records(self):
        records = self.client.json("/requests?limit=100")["requests"]
        self.assertEqual(len(records), CHATS + SENTIMENTS + REFUSED)
        times = sorted(record["total_response_time_ms"] for record in records if record["tasks"])
        decodes = sorted(record["breakdown"]["chat.decode"] for record in records
                         if "chat.decode" in record["breakdown"])
        stats = self.client.json("/stats")
        for name, window in stats["windows"].items():
            self.assertEqual(window["requests"], CHATS + SENTIMENTS + REFUSED, name)
            self.assertEqual(window["client_error"], REFUSED)
            self.assertEqual(window["answered"], CHATS + SENTIMENTS)
            self.agrees(window["request"]["total_response_time"], times)
            self.agrees(window["tasks"]["chat"]["decode"], decodes)
        self.assertEqual(set(stats["windows"]), {"1m", "5m", "1h", "start"})
        self.assertGreater(stats["engine"]["steps"], CHATS)

    def agrees(self, summary, times):
        self.assertEqual(summary["count"], len(times))
        self.assertAlmostEqual(summary["mean"], sum(times) / len(times), delta=0.002)
        self.assertAlmostEqual(summary["max"], times[-1], delta=0.002)
        for percent in (50, 95, 99):
            exact = times[math.ceil(percent * len(times) / 100) - 1]
            self.assertGreaterEqual(summary[f"p{percent}"], exact - 0.002)
            self.assertLessEqual(summary[f"p{percent}"], exact * 1.008 + 0.002)


class Prometheus:
    """Debian's, which scrapes one server each second; a context manager."""

    def __init__(self, folder, target, **scrape):
        """`scrape`: more settings of its scrape_config."""
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "global": {"scrape_interval": f"{SCRAPE_INTERVAL_S}s"},
            "scrape_configs": [{"job_name": "qaio", "static_configs": [
                {"targets": [f"127.0.0.1:{target}"]}], **scrape}]}))
        with open(folder / "prometheus.log", "w") as log:
            self.process = subprocess.Popen(
                [tool("prometheus"), f"--config.file={config}",
                 f"--storage.tsdb.path={folder / 'tsdb'}",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            answer = json.load(response)
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, promql):
        """The vector that answers an instant query, as [(labels, value)]."""
        return [(one["metric"], float(one["value"][1]))
                for one in self.get("query", query=promql)["result"]]


class RealPrometheus(MetricsTest):
    """Scrapes the server every second while it works."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        prometheus = cls.enterClassContext(Prometheus(cls.folder, cls.server.port))
        cls.query = prometheus.query
        wait_for(lambda: cls.query("up == 1"), "the first scrape")
        cls.work()

    @classmethod
    def work(cls):
        """Requests over a few scrapes, until Prometheus has seen the last of them."""
        sent = CHATS
        end = time.monotonic() + 5 * SCRAPE_INTERVAL_S
        while time.monotonic() < end:
            begin = time.monotonic()
            answer = cls.post("/chat", {"input": "谢谢你", "max_new_tokens": 24})
            sent += 1
            took_ms = (time.monotonic() - begin) * 1000
            reported, _ = cls.client.request("POST", f"/requests/{answer['request_id']}/client", {
                "first_byte_ms": 1, "last_byte_ms": took_ms, "done_ms": took_ms + 10})
            assert reported == 204, reported
            time.sleep(0.02)
        seen = 'sum(qaio_requests_total{route="/chat",status="2xx"})'
        wait_for(lambda: cls.query(seen)[0][1] == sent, "a scrape of all requests")
        # Until the last write, as the histogram has them; answers tell the time before it.
        cls.times_s = [record["total_response_time_ms"] / 1e3
                       for record in cls.client.json("/requests?limit=1000")["requests"]
                       if record["path"] == "/chat" and record["tasks"]]
        assert len(cls.times_s) == sent, len(cls.times_s)

    def one(self, promql):
        result = self.query(promql)
        self.assertEqual(len(result), 1, (promql, result))
        return result[0][1]

    def test_the_95th_percentile_is_that_of_the_answers(self):
        buckets = self.query('qaio_request_duration_seconds_bucket{route="/chat"}')
        edges = sorted(float(labels["le"]) for labels, _ in buckets)
        times = sorted(self.times_s)
        exact = times[math.ceil(0.95 * len(times)) - 1]
        found = self.one("histogram_quantile(0.95, sum by (le) "
                         '(qaio_request_duration_seconds_bucket{route="/chat"}))')
        # It interpolates: all it can know is the range.
        lower = max([0.0] + [edge for edge in edges if edge < exact])
        upper = min(edge for edge in edges if edge >= exact)
        slack = 1.5  # the neighbouring range, if the percentile is near an edge
        self.assertGreaterEqual(found, lower / slack)
        self.assertLessEqual(found, upper * slack)

    def test_the_recent_percentile_is_a_time(self):
        found = self.one("histogram_quantile(0.95, sum by (le) "
                         '(rate(qaio_request_duration_seconds_bucket{route="/chat"}[30s])))')
        self.assertGreater(found, min(self.times_s) / 3)
        self.assertLess(found, max(self.times_s) * 3)

    def test_the_rate_is_that_of_the_requests(self):
        # What was sent while it looked; the first scrape saw those before.
        sent = len(self.times_s) - CHATS
        increase = self.one('sum(increase(qaio_requests_total{route="/chat",status="2xx"}[1m]))')
        self.assertGreater(increase, 0.4 * sent)  # before the first and after the last scrape is open
        self.assertLess(increase, 2.5 * sent)     # and extrapolated

    def test_every_documented_query_is_answered(self):
        document = (ROOT / "docs/metrics.md").read_text()
        queries = re.findall(r"^\| [^|]+ \| `(.+)` \|$", document.split("## Queries")[1], re.M)
        self.assertGreaterEqual(len(queries), 8)
        for query in queries:
            with self.subTest(query):
                result = self.query(query)
                self.assertTrue(result)
                self.assertFalse(any(math.isnan(value) for _, value in result), result)

    def test_the_stages_of_a_task_add_up(self):
        total = self.one('qaio_task_duration_seconds_sum{task="chat"}')
        stages = self.one('sum(qaio_task_stage_seconds_sum{task="chat"})')
        self.assertAlmostEqual(stages / total, 1, delta=1e-6)


class WithAKey(ProgramTest):
    """A server that wants keys: Prometheus scrapes it with one that is for nothing else."""

    def test_it_scrapes_and_sees_nothing_else(self):
        keys = self.folder / "keys.toml"
        secrets = {}
        for scope in ("metrics", "read"):
            text = run("keys", "create", "--api-key-file", keys, "--name", scope, "--scope", scope)
            secrets[scope] = self.folder / f"{scope}.key"
            secrets[scope].write_text(text.stdout)
        with Server("--api-key-file", keys) as server:
            for scope in secrets:
                folder = self.folder / scope
                folder.mkdir()
                with Prometheus(folder, server.port, authorization={
                        "credentials_file": str(secrets[scope])}) as prometheus:
                    target = wait_for(lambda: [one for one in prometheus.get("targets")["activeTargets"]
                                               if one["health"] != "unknown"], "a scrape")[0]
                    if scope == "metrics":
                        self.assertEqual((target["health"], target["lastError"]), ("up", ""))
                        wait_for(lambda: prometheus.query("qaio_http_connections"), "a metric")
                    else:
                        self.assertEqual(target["health"], "down")
                        self.assertIn("403 Forbidden", target["lastError"])
            headers = {"Authorization": f"Bearer {secrets['metrics'].read_text().strip()}"}
            for path, status in (("/metrics", 200), ("/requests", 403), ("/v1/models", 403)):
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                client.request("GET", path, headers=headers)
                self.assertEqual(client.getresponse().status, status, path)
                client.close()
            for path in ("/health", "/health/live", "/health/ready"):  # of probes, without one
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                client.request("GET", path)
                self.assertEqual(client.getresponse().status, 200, path)
                client.close()


if __name__ == "__main__":
    unittest.main()
