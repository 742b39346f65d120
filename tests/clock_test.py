"""Time that does not go on as a server expects: the wall clock is set hours ahead and back while it
serves, and the whole process stands still for a while (SIGSTOP, a suspended virtual machine)."""

import csv
import http.client
import json
import re
import signal
import socket
import threading
import time
import unittest

from faults import FAKETIME, FaultTest, archived, ask, eventually, metric, send
from live_test import Listener
from program import OK, Server
from slo_test import receiver_for, strict_config

HOUR = 3600
ANSWER = {"messages": [{"role": "user", "content": "你好"}], "max_tokens": 600, "ignore_eos": True,
          "temperature": 0, "seed": 1}


def config(folder, hook):
    path = folder / "qaio.toml"
    path.write_text(f"""
[[sla]]
name = "slow"
threshold_ms = 60000
window = "5m"
min_samples = 3
for = "1s"

[[sla]]
name = "errors"
metric = "error_rate"
threshold_ratio = 0.01
window = "5m"
min_samples = 3
for = "1s"

[[sla_action]]
kind = "webhook"
name = "hook"
url = "{hook}"
""")
    return path


@unittest.skipUnless(FAKETIME, "needs Debian's libfaketime, which `./dev test` unpacks")
class WallClock(FaultTest):
    """Somebody, or NTP, sets it; steady time does not notice."""

    def setUp(self):
        super().setUp()
        self.offset = self.place / "offset"
        self.offset.write_text("+0")
        self.environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.offset),
                            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1"}

    def set_clock(self, seconds):
        replacement = self.place / "offset.new"
        replacement.write_text(f"{seconds:+}s")
        replacement.rename(self.offset)  # whole at any moment

    def wait_until_set(self, server, seconds):
        eventually(lambda: abs(self.server_now_unix_s(server) - time.time() - seconds) < 60,
                   "the new time")

    def server_now_unix_s(self, server):
        return json.loads(ask(server.port, "GET", "/live?range=10m")[1])["now_unix_ms"] / 1000

    def test_hours_ahead_and_back(self):
        receiver = receiver_for(self)
        folder = self.place / "csv"
        with Server("--config", config(self.place, receiver.url("/hook")), "--archive", self.archive,
                    "--archive-csv", folder, "--archive-csv-records", 10, "--archive-days", 1,
                    "--request-timeout", 60, "--idle-timeout", 60,
                    environment=self.environment) as server, Listener(server.port) as listener:
            idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            idle.request("GET", "/health")
            idle.getresponse().read()
            sent = 0
            for jump in (0, 5 * HOUR, -7 * HOUR, 30 * 24 * HOUR, -400 * 24 * HOUR, 0):
                with self.subTest(jump=jump):
                    # One answer is under way while the clock is set.
                    with self.stream(server.port) as stream:
                        self.assertIn(b"data: ", stream.readline())
                        self.set_clock(jump)
                        self.wait_until_set(server, jump)
                        rest = stream.read()
                    self.assertTrue(rest.endswith(b"data: [DONE]\n\n"), rest[-300:])
                    send(server.port, [f"n{number}" for number in range(sent, sent + 40)])
                    sent += 40
                    idle.request("GET", "/health")
                    answer = idle.getresponse()
                    self.assertEqual((answer.status, bool(answer.read())), (200, True))
                    points = len(listener.of("point"))
                    eventually(lambda: len(listener.of("point")) > points, "the next second")
                    self.windows_are_plausible(server, sent)
            idle.close()
            self.assertEqual(server.stop(), OK)
            lines = "".join(server.lines)
        self.assertFalse(self.said(server, "firing"))
        self.assertEqual(receiver.events("/hook"), [], "no alert")
        # Steady time: no answer took hours, none less than nothing.
        for path, total in re.findall(r" (/\S+) total=(-?[\d.]+)ms", lines):
            self.assertTrue(0 <= float(total) < 60_000 or path == "/live/events", (path, total))
        expected = sorted(f"n{number}" for number in range(sent))
        kept = [one for one in archived(self.archive) if one.startswith("n")]
        self.assertEqual(sorted(kept), expected, "no age limit took what is new")
        rows = []
        for path in folder.iterdir():
            self.assertEqual(path.suffix, ".csv", path)
            rows += list(csv.DictReader(path.read_text().splitlines()))
        self.assertEqual(sorted(row["request_id"] for row in rows
                                if re.fullmatch(r"n\d+", row["request_id"])), expected)

    def windows_are_plausible(self, server, sent):
        stats = json.loads(ask(server.port, "GET", "/stats")[1])
        for name, window in stats["windows"].items():
            self.assertGreaterEqual(window["requests"], 40, name)
            for value in (window.get("requests_per_s"), window.get("total_ms", {}).get("p99")):
                self.assertTrue(value is None or 0 <= value < 60_000, (name, window))
        self.assertGreaterEqual(stats["windows"]["start"]["requests"], sent)

    def stream(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/chat/completions", json.dumps({**ANSWER, "max_tokens": 150, "stream": True}))
        return connection.getresponse()


class StoodStill(FaultTest):
    """SIGSTOP, some seconds, SIGCONT."""

    SECONDS = 3

    def pause(self, server):
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(self.SECONDS)
        server.process.send_signal(signal.SIGCONT)

    def ask_text(self, port, results, number):
        try:
            status, text = ask(port, "POST", "/v1/chat/completions", ANSWER)
            results[number] = (status, json.loads(text)["choices"][0]["message"]["content"])
        except Exception as error:  # told below
            results[number] = (0, repr(error))

    def test_everything_goes_on_where_it_was(self):
        receiver = receiver_for(self)
        with Server("--config", config(self.place, receiver.url("/hook")), "--archive", self.archive,
                    "--archive-csv", self.place / "csv", "--read-timeout", 2, "--idle-timeout", 2,
                    "--threads", 1) as server, Listener(server.port) as listener:
            alone = {}
            self.ask_text(server.port, alone, 0)
            self.assertEqual(alone[0][0], 200)
            # Under way when it stops: answers, half a request, a kept connection.
            results = {}
            clients = [threading.Thread(target=self.ask_text, args=(server.port, results, number))
                       for number in range(4)]
            for client in clients:
                client.start()
            eventually(lambda: metric(server.port, "qaio_sequences_running") == 4)
            kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            kept.request("GET", "/health")
            kept.getresponse().read()
            half = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            body = b'{"content": "a"}'
            half.sendall(b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                         % len(body) + body[:5])
            time.sleep(0.2)
            server.process.send_signal(signal.SIGSTOP)
            # What comes meanwhile waits in the kernel.
            half.sendall(body[5:])
            kept.request("GET", "/health")
            late = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            late.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(self.SECONDS)
            points = len(listener.of("point"))
            server.process.send_signal(signal.SIGCONT)
            for client in clients:
                client.join()
            self.assertEqual([results[number] for number in range(4)], 4 * [alone[0]])
            for which, sock in (("half a request", half), ("a new one", late)):
                answer = http.client.HTTPResponse(sock)
                answer.begin()
                self.assertEqual(answer.status, 200, which + ": it had come in time")
                answer.read()
                sock.close()
            self.assertEqual(kept.getresponse().status, 200, "kept: it had come in time")
            eventually(lambda: len(listener.of("point")) > points, "the next second")
            self.assertEqual(json.loads(ask(server.port, "GET", "/stats")[1])["records_dropped"], 0)
            self.alive(server)
            self.assertEqual(server.stop(), OK)
        self.assertEqual(receiver.events("/hook"), [])

    def test_a_deadline_that_has_passed_meanwhile_is_told(self):
        with Server("--request-timeout", 2, "--threads", 1) as server:
            results = []
            client = threading.Thread(target=lambda: results.append(
                ask(server.port, "POST", "/v1/chat/completions", {**ANSWER, "max_tokens": 4000})))
            client.start()
            eventually(lambda: metric(server.port, "qaio_sequences_running") == 1)
            self.pause(server)
            client.join()
            status, text = results[0]
            self.assertEqual(status, 504, text)
            self.assertEqual(json.loads(text)["error"]["code"], "deadline_exceeded")
            self.alive(server)
            self.assertEqual(metric(server.port, "qaio_sequences_running"), 0)

    def test_an_alert_is_one_alert(self):
        receiver = receiver_for(self)
        path = strict_config(self.place, {"kind": "webhook", "url": receiver.url("/hook")},
                             {"kind": "alertmanager", "url": receiver.url(""), "repeat": "1s"}, window="2s")
        with Server("--config", path) as server:
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            eventually(lambda: receiver.events("/hook"), "the alert")
            repeats = len(receiver.to("/api/v2/alerts"))
            begin = time.monotonic()
            for _ in range(2):
                self.pause(server)
                time.sleep(0.5)
            self.alive(server)
            events = receiver.events("/hook")
            self.assertLessEqual(len(events), 2, events)  # it fired, and ended as nothing came
            # A repeat for each pause and each second between, none for the seconds that were missed.
            repeats = len(receiver.to("/api/v2/alerts")) - repeats
            ran_s = time.monotonic() - begin - 2 * self.SECONDS
            self.assertLessEqual(repeats, 3 + ran_s)
            self.assertEqual(server.stop(), OK)


if __name__ == "__main__":
    unittest.main()
