"""SLA rules that real traffic breaks: a real Alertmanager, a webhook that verifies signatures, and a
command are told, and told again when it is over."""

import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import unittest
import urllib.request

from metrics_test import Client, free_port, tool, wait_for
from program import FAILED, NO, OK, ProgramTest, Server, run

SECRET = "not for anybody's log"
# Longer than the test: that an alert ends shows that somebody said so.
REPEAT = "10m"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what is posted to it; answers the first posts to a path with 503."""

    def __init__(self, failures):
        self.failures = dict(failures)  # by path
        self.posts = []  # (path, headers, body, status)
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def to(self, path, status=200):
        with self.lock:
            return [(headers, body) for to, headers, body, answered in self.posts
                    if (to, answered) == (path, status)]

    def events(self, path):
        return [json.loads(body)["event"] for _, body in self.to(path)]


def receiver_for(test):
    """One until the test's end."""
    receiver = Receiver({})
    test.addCleanup(receiver.server_close)
    test.addCleanup(receiver.shutdown)
    return receiver


def strict_config(folder, *actions, window="1s"):
    """A file with a rule that any answer breaks at once, and what is done then: actions a0, a1..."""
    path = folder / "strict.toml"
    text = (f'[[sla]]\nname = "strict"\nthreshold_ms = 0.001\nwindow = "{window}"\nmin_samples = 1\n'
            'for = "0s"\n')
    for number, action in enumerate(actions):
        text += f'\n[[sla_action]]\nname = "a{number}"\n'
        text += "".join(f'{setting} = "{value}"\n' for setting, value in action.items())
    path.write_text(text)
    return path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            left = self.server.failures.get(self.path, 0)
            self.server.failures[self.path] = max(0, left - 1)
            status = 503 if left else 200
            self.server.posts.append((self.path, self.headers, body, status))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class RealAlertmanager:
    """Debian's, which tells a webhook of its own at once; a context manager."""

    def __init__(self, folder, webhook):
        self.port = free_port()
        config = folder / "alertmanager.yml"
        config.write_text(json.dumps({  # JSON is YAML
            "route": {"receiver": "test", "group_wait": "0s", "group_interval": "1s"},
            "receivers": [{"name": "test", "webhook_configs": [{"url": webhook}]}]}))
        self.log = open(folder / "alertmanager.log", "w")
        program = pathlib.Path(tool("prometheus-alertmanager"))
        # It reads a template in /usr/share, where it is not, as it is unpacked and not installed: for
        # this process its own folder is there.
        share = program.parents[1] / "share"
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.process = subprocess.Popen(
            ["unshare", *as_root, "--mount", "sh", "-c",
             'mount --bind "$0" /usr/share && exec "$@"', share, program, f"--config.file={config}",
             f"--storage.path={folder / 'alertmanager'}", "--cluster.listen-address=",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        wait_for(lambda: self.alerts() == [], "Alertmanager's start", seconds=20)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def alerts(self):
        """Those that are active now."""
        url = f"http://127.0.0.1:{self.port}/api/v2/alerts?active=true"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)


class Alerts(ProgramTest):
    """One story: traffic breaks a rule, then it ends. The tests look at what everybody was told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receiver = Receiver({"/hook": 2})
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.alertmanager = cls.enterClassContext(
            RealAlertmanager(cls.folder, cls.receiver.url("/from-alertmanager")))
        cls.told = cls.folder / "told"
        cls.server = cls.enterClassContext(
            Server("--config", cls.config(), environment={"QAIO_TEST_SECRET": SECRET}))
        cls.client = Client(cls.server.port)
        cls.addClassCleanup(cls.client.connection.close)
        cls.break_the_rule()
        cls.be_quiet()

    @classmethod
    def config(cls):
        path = cls.folder / "qaio.toml"
        path.write_text(f"""
[[sla]]
name = "too-slow"
task = "chat"
threshold_ms = 0.001
window = "5s"
min_samples = 3
for = "500ms"
keep_firing_for = "500ms"
severity = "page"

[[task]]
name = "mood"
kind = "classify"
labels = ["good", "bad"]

[[sla]]
name = "kept"
metric = "error_rate"
threshold_ratio = 0.5
window = "1m"

[[sla]]
name = "budget"
threshold_ms = 0.001
objective = 0.9
burn = [{{ long = "10s", short = "2s", rate = 2 }}]

[[sla_action]]
kind = "alertmanager"
url = "http://127.0.0.1:{cls.alertmanager.port}"
repeat = "{REPEAT}"
labels = {{ team = "edge" }}

[[sla_action]]
kind = "webhook"
url = "{cls.receiver.url("/hook")}"
secret_env = "QAIO_TEST_SECRET"
rules = ["too-slow"]

[[sla_action]]
kind = "command"
rules = ["too-slow"]
command = ["sh", "-c", "echo $QAIO_SLA_EVENT $QAIO_SLA_RULE >>$1; cat >>$1", "sh", "{cls.told}"]
""")
        return path

    @classmethod
    def active(cls):
        return {alert["labels"]["alertname"]: alert for alert in cls.alertmanager.alerts()}

    @classmethod
    def break_the_rule(cls):
        seen = threading.Event()

        def ask():
            client = Client(cls.server.port)
            while not seen.is_set():
                client.request("POST", "/chat", {"input": "你好", "max_new_tokens": 4})
            client.connection.close()

        # Whoever looks at Alertmanager may be held up for longer than the rule's window reaches
        # back: the load goes on meanwhile, or the rule would fire twice.
        asking = threading.Thread(target=ask)
        asking.start()
        try:
            cls.alert = wait_for(lambda: cls.active().get("too-slow"), "the alert in Alertmanager")
            cls.slo_firing = cls.client.json("/slo")
            cls.metrics_firing = cls.client.request("GET", "/metrics")[1]
        finally:
            seen.set()
            asking.join()

    @classmethod
    def be_quiet(cls):
        cls.quiet_since = time.time()
        wait_for(lambda: "too-slow" not in cls.active(), "the alert's end in Alertmanager")
        wait_for(lambda: cls.receiver.events("/hook") == ["firing", "resolved"], "the webhook")
        wait_for(lambda: len(cls.told.read_text().splitlines()) == 4, "the command")
        # What a command wrote is there before the server has seen it end, and counts it.
        wait_for(lambda: min(cls.sent("webhook"), cls.sent("command")) >= 2, "the counts")
        cls.slo_resolved = cls.client.json("/slo")

    @classmethod
    def sent(cls, name):
        actions = cls.client.json("/slo")["actions"]
        return next(action["sent"] for action in actions if action["name"] == name)

    def rule(self, slo, name):
        return next(rule for rule in slo["rules"] if rule["name"] == name)

    def test_alertmanager_saw_it_fire(self):
        labels = self.alert["labels"]
        self.assertEqual((labels["severity"], labels["team"], labels["task"], labels["metric"]),
                         ("page", "edge", "chat", "total_response_time"))
        self.assertRegex(labels["instance"], rf"^.+:{self.server.port}$")
        self.assertEqual(self.alert["status"]["state"], "active")
        self.assertRegex(self.alert["annotations"]["summary"],
                         r"^p95 of total_response_time of chat over 5s above 0\.001 ms: "
                         r"[\d.]+ ms, \d+ requests$")

    def test_alertmanager_told_others_of_both(self):
        def of(status):
            return [alert for _, body in self.receiver.to("/from-alertmanager")
                    for alert in json.loads(body)["alerts"]
                    if (alert["labels"]["alertname"], alert["status"]) == ("too-slow", status)]

        wait_for(lambda: of("firing") and of("resolved"), "Alertmanager's own notifications")
        self.assertGreater(of("resolved")[0]["endsAt"], of("resolved")[0]["startsAt"])

    def test_the_webhook_can_trust_what_it_gets(self):
        refused, taken = self.receiver.to("/hook", 503), self.receiver.to("/hook")
        self.assertEqual((len(refused), len(taken)), (2, 2))
        for headers, body in refused + taken:
            digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            self.assertEqual(headers["X-Qaio-Signature-256"], "sha256=" + digest)
            self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual({body for _, body in refused}, {taken[0][1]}, "the same again")
        firing, resolved = (json.loads(body) for _, body in taken)
        self.assertNotEqual(firing["id"], resolved["id"])
        self.assertEqual(firing["starts_at"], resolved["starts_at"])
        self.assertIsNone(firing["ends_at"])
        self.assertAlmostEqual(firing["sent_unix_ms"] / 1e3, self.quiet_since, delta=60)
        self.assertEqual(firing["rule"]["name"], "too-slow")
        self.assertGreater(firing["value"], firing["threshold"])

    def test_the_command_was_run(self):
        lines = self.told.read_text().splitlines()
        self.assertEqual(lines[::2], ["firing too-slow", "resolved too-slow"])
        self.assertEqual([json.loads(line)["event"] for line in lines[1::2]],
                         ["firing", "resolved"])

    def test_slo_shows_it(self):
        firing = self.rule(self.slo_firing, "too-slow")
        self.assertEqual((firing["state"], firing["verdict"], firing["unit"]),
                         ("firing", "broken", "ms"))
        self.assertEqual(firing["last_transition"]["from"], "pending")
        self.assertLess(firing["error_budget"]["remaining"], 0)
        self.assertAlmostEqual(firing["burn_rates"][0]["rate"], 20)
        resolved = self.rule(self.slo_resolved, "too-slow")
        self.assertEqual((resolved["state"], resolved["alerts"]), ("resolved", 1))
        self.assertEqual(self.rule(self.slo_firing, "kept")["state"], "ok")
        budget = self.rule(self.slo_firing, "budget")
        self.assertEqual(budget["unit"], "burn_rate")
        self.assertAlmostEqual(budget["burn_rates"][0]["rate"], 10)
        sent = {action["name"]: action["sent"] for action in self.slo_resolved["actions"]}
        self.assertEqual((sent["webhook"], sent["command"]), (2, 2))
        self.assertGreaterEqual(sent["alertmanager"], 2)

    def test_metrics_show_it(self):
        checked = subprocess.run([tool("promtool"), "check", "metrics"], input=self.metrics_firing,
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        for line in ('qaio_sla_state{rule="too-slow",state="firing"} 1',
                     'qaio_sla_alerts_total{rule="too-slow"} 1',
                     'qaio_sla_state{rule="kept",state="ok"} 1'):
            self.assertIn(line + "\n", self.metrics_firing)
        # The threshold is an edge: how many requests were within it is exact.
        edge = re.search(r'qaio_request_duration_seconds_bucket\{route="/chat",le="1e-06"\} (\d+)',
                         self.metrics_firing)
        self.assertEqual(edge and edge[1], "0")

    def test_the_log_has_a_line_for_each_change_and_no_secret(self):
        def said():
            return [line for line in list(self.server.lines) if "SLA rule 'too-slow'" in line]

        wait_for(lambda: len(said()) >= 3, "three lines of the log")
        for line, (state, was) in zip(said(), [("pending", "ok"), ("firing", "pending"),
                                               ("resolved", "firing")]):
            self.assertIn(f"SLA rule 'too-slow' is {state}, was {was}: p95 of", line)
        self.assertNotIn(SECRET, "".join(self.server.lines))

    def test_whoever_asks_wrongly_is_told(self):
        self.assertEqual(self.client.request("GET", "/slo?rule=a")[0], 400)
        self.assertEqual(self.client.request("POST", "/slo", {})[0], 405)


class NobodyListens(ProgramTest):
    def test_it_is_told_at_once_and_holds_the_end_up_once(self):
        dead = f"http://127.0.0.1:{free_port()}"
        config = strict_config(self.folder, *2 * [{"kind": "webhook", "url": f"{dead}/hook"}])
        with Server("--config", config, "--otlp-endpoint", dead,
                    environment={"OTEL_METRIC_EXPORT_INTERVAL": "200"}) as server:
            client = Client(server.port)
            self.assertEqual(client.request("POST", "/chat", {"input": "a"})[0], 200)

            def said(kind):
                return [line for line in list(server.lines)
                        if f"OTLP: posting to {dead}/v1/{kind}: " in line]

            for kind in ("traces", "metrics"):
                wait_for(lambda: said(kind), "the first failure's line", seconds=10)
            wait_for(lambda: "is firing" in "".join(server.lines), "the alert")
            metrics = client.request("GET", "/metrics")[1]
            self.assertRegex(metrics, r"(?m)^qaio_otlp_spans_waiting [1-9]")
            self.assertIn('qaio_otlp_spans_total{outcome="failed"} 0', metrics)
            client.connection.close()
            begin = time.monotonic()
            self.assertEqual(server.stop(), OK)
            self.assertLess(time.monotonic() - begin, 7, "2 s for all of the four, not for each")
        for kind in ("traces", "metrics"):
            self.assertEqual(len(said(kind)), 1, server.lines)


class Configuration(ProgramTest):
    def test_a_wrong_rule_is_named_before_anything_starts(self):
        config = self.folder / "qaio.toml"
        for text, says in (
                ('[[sla]]\nname = "a"\ntask = "chta"\n', "line 3: rule 'a' has the unknown task 'chta'"),
                ('[[sla]]\nname = "a"\nwindow = "5 m"\n', "line 3: rule 'a' needs a time"),
                ('[[sla_action]]\nkind = "webhook"\nurl = "ftp://a"\n', "action 'webhook': "),
                ('[[sla_action]]\nkind = "webhook"\nurl = "http://a"\nsecret_env = "QAIO_NONE"\n',
                 "line 4: action 'webhook' needs the environment variable QAIO_NONE")):
            config.write_text(text)
            said = self.fails(FAILED, "serve", "--port", "0", "--config", config)
            self.assertIn(says, said)

    def test_other_commands_leave_the_rules_alone(self):
        config = self.folder / "other.toml"
        config.write_text('[[sla]]\nname = "a"\n\n[[task]]\nname = "mood"\nkind = "classify"\n'
                          'labels = ["正面", "负面"]\n')
        answer = self.ok("run", "太好了", "--config", config, "--task", "mood")
        self.assertIn("正面", answer)


class InReports(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls.folder / "records.jsonl"
        result = run("report", "--demo", "--count", "30", "--save", cls.records)
        assert result.returncode == OK, result.stderr
        cls.text = result.stdout
        cls.config = cls.folder / "qaio.toml"
        cls.config.write_text('[[sla]]\nname = "strict"\nthreshold_ms = 0.001\n\n'
                              '[[sla]]\nname = "lax"\nthreshold_ms = 100000\n')

    def test_the_default_rule(self):
        self.assertRegex(self.text, r"(?m)^SLA rules$")
        self.assertRegex(self.text, r"(?m)^response-time-p95 +total_response_time within 1000 ms ")
        rules = self.ok_json("report", self.records, "--json")["sla"]
        self.assertEqual([rule["rule"] for rule in rules], ["response-time-p95"])
        self.assertIn(rules[0]["good"] + rules[0]["bad"], (28, 29, 30))  # a client may hang up early

    def test_own_rules_in_every_form(self):
        page = self.folder / "report.html"
        report = ("report", self.records, "--config", self.config)
        rules = {rule["rule"]: rule for rule in self.ok_json(*report, "--json", "--html", page)["sla"]}
        self.assertEqual({name: rule["verdict"] for name, rule in rules.items()},
                         {"strict": "broken", "lax": "kept"})
        self.assertAlmostEqual(rules["strict"]["error_budget_remaining"], -19, places=4)
        for text in (self.ok(*report), self.ok(*report, "--markdown"), page.read_text()):
            self.assertRegex(text, r"strict\b.*\b0\.001 ms")
            self.assertIn("-1900 %", text)
            self.assertIn("BROKEN", text)

    def test_actions_do_not_matter(self):
        config = self.folder / "actions.toml"
        config.write_text(self.config.read_text() + '\n[[sla_action]]\nkind = "webhook"\n'
                          'url = "http://127.0.0.1:1/"\nsecret_env = "QAIO_TEST_NOT_SET"\n')
        rules = self.ok_json("report", self.records, "--config", config, "--json")["sla"]
        self.assertEqual([rule["rule"] for rule in rules], ["strict", "lax"])

    def test_a_broken_promise_can_fail_a_pipeline(self):
        strict = run("report", self.records, "--config", self.config, "--check-sla")
        self.assertEqual((strict.returncode, strict.stderr), (NO, ""))
        self.assertIn("BROKEN", strict.stdout)
        self.config.with_name("lax.toml").write_text('[[sla]]\nname = "lax"\nthreshold_ms = 100000\n')
        self.ok("report", self.records, "--config", self.config.with_name("lax.toml"), "--check-sla")


if __name__ == "__main__":
    unittest.main()
