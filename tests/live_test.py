"""Who watches a server live: what the stream tells is what happened, many may watch, and none of them is
in anybody's way."""

import contextlib
import http.client
import json
import signal
import socket
import threading
import unittest

from metrics_test import Client, wait_for
from program import OK, ProgramTest, Server

LISTENERS_MAX = 64


class Listener:
    """Reads /live/events to their end on a thread of its own; a context manager."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", "/live/events")
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        self.events = []  # (name, data)
        self.ended = False  # as a stream should
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        assert self.response.status == 200, self.response.read()
        self.thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)
        self.response.close()
        self.connection.close()

    def _read(self):
        name = None
        with contextlib.suppress(OSError, http.client.HTTPException):
            for line in self.response:
                member, _, value = line.decode().rstrip("\n").partition(": ")
                if member == "event":
                    name = value
                elif member == "data":
                    self.events.append((name, json.loads(value)))
        self.ended = self.response.isclosed()  # by the last chunk

    def of(self, name):
        return [data for event, data in self.events if event == name]

    def sum(self, member):
        return sum(point[member] for point in self.of("point"))


class Live(ProgramTest):
    def test_points_tell_what_happened(self):
        with Server() as server, Listener(server.port) as listener:
            client = Client(server.port)
            started = client.json("/stats")["started_unix_ms"]
            self.ok("load", "--url", f"http://127.0.0.1:{server.port}", "--count", 60,
                    "--concurrency", 6, "--warmup", 0, "--prompt-tokens", 8, "--output-tokens", 4)
            self.assertEqual(client.request("POST", "/chat", {"input": ""})[0], 400)
            whole = client.json("/stats")["windows"]["start"]
            wait_for(lambda: listener.sum("requests") >= whole["requests"], "all in points")
            points = listener.of("point")
            for member in ("requests", "answered", "client_error", "refused", "failed", "cancelled"):
                self.assertEqual(listener.sum(member), whole[member], member)
            self.assertGreaterEqual(whole["answered"], 60)
            self.assertEqual(whole["client_error"], 1)
            for tokens, count in whole["usage"].items():
                self.assertEqual(listener.sum(tokens), count, tokens)
            busy = [point for point in points if "total" in point]
            total = whole["request"]["total_response_time"]
            self.assertEqual(sum(point["total"]["count"] for point in busy), total["count"])
            self.assertEqual(sum(count for point in points for _, count in point["heat"]),
                             total["count"])
            self.assertAlmostEqual(max(point["total"]["max"] for point in busy), total["max"],
                                   delta=0.01)
            self.assertGreater(max(point["cpu_cores"] for point in points), 0)
            hello, = listener.of("hello")
            self.assertEqual((hello["model"], hello["started_unix_ms"]), ("demo", started))
            for before, after in zip(points, points[1:]):
                self.assertEqual(after["t"] - before["t"], round(1000 * after["s"]))
            for point in busy:
                mean = sum(point["stages"].values())
                self.assertLessEqual(mean, point["total"]["max"] + 0.01)
                for task in point["tasks"].values():
                    self.assertLessEqual(task["p50"], task["p95"])
                    self.assertLessEqual(task["p95"], task["max"] * 1.008)
            self.same_as_asked(client, listener, whole["requests"])
            client.connection.close()

    def same_as_asked(self, client, listener, requests):
        """What was told is what /live holds, and longer steps add up to the same."""
        asked = {point["t"]: point for point in client.json("/live")["points"]}
        newest = max(asked)
        told = [point for point in listener.of("point") if point["t"] <= newest]
        self.assertTrue(told)
        for point in told:
            self.assertEqual(asked.get(point["t"]), point)
        for span in ("2h", "1d"):
            points = client.json(f"/live?range={span}")["points"]
            self.assertEqual(sum(point["requests"] for point in points), requests)

    def test_the_engines_load_is_seen(self):
        with Server() as server, Listener(server.port) as listener:
            client = Client(server.port)

            def seen():
                client.request("POST", "/chat", {"input": "你好", "tasks": ["chat"]})
                return any(point["running"] > 0 and 0 < point["kv_blocks_used"]
                           <= point["kv_blocks_total"] for point in listener.of("point"))
            wait_for(seen, "a point with a running sequence")
            client.connection.close()

    def test_a_rule_that_fires_is_told(self):
        config = self.folder / "sla.toml"
        config.write_text('[[sla]]\nname = "too-slow"\nthreshold_ms = 0.001\nwindow = "2s"\n'
                          'min_samples = 3\nfor = "500ms"\nkeep_firing_for = "500ms"\n')
        with Server("--config", config) as server, Listener(server.port) as listener:
            client = Client(server.port)

            def states():
                status, text = client.request("POST", "/chat", {"input": "你好", "max_new_tokens": 2})
                assert status == 200, text
                return [told["rules"][0]["state"] for told in listener.of("slo")]

            wait_for(lambda: "firing" in states(), "the alert in the stream")
            client.connection.close()

    def test_one_too_many_is_refused_and_the_others_are_told(self):
        with Server() as server, contextlib.ExitStack() as stack:
            listeners = [stack.enter_context(Listener(server.port)) for _ in range(LISTENERS_MAX)]
            client = Client(server.port)
            status, body = client.request("GET", "/live/events")
            self.assertEqual(status, 503)
            self.assertIn("64 clients watch the server already", json.loads(body)["error"]["message"])
            wait_for(lambda: all(len(one.of("point")) >= 2 for one in listeners), "points for all")
            self.assertEqual(client.request("POST", "/chat", {"input": "hi"})[0], 200)
            listeners[0].__exit__()

            def admitted():
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                with contextlib.closing(connection):
                    connection.request("GET", "/live/events")
                    with connection.getresponse() as response:
                        return response.status == 200
            wait_for(admitted, "the place of one that left")
            client.connection.close()

    def test_sigterm_ends_the_streams_at_once(self):
        with Server("--drain-timeout", 3600) as server, contextlib.ExitStack() as stack:
            listeners = [stack.enter_context(Listener(server.port)) for _ in range(8)]
            sleeper = stack.enter_context(self.sleeper(server.port))
            wait_for(lambda: all(one.of("point") for one in listeners), "points for all")
            self.assertEqual(server.stop(signal.SIGTERM), OK)  # which waits less than a minute
            for listener in listeners:
                listener.thread.join(60)
                self.assertTrue(listener.ended)
            sleeper.close()
            ended = [line for line in server.lines if "GET /live/events" in line]
            self.assertEqual(len(ended), 9)
            for line in ended:
                self.assertRegex(line, " status=200 ")
                self.assertNotIn("error=", line)

    @contextlib.contextmanager
    def sleeper(self, port):
        """One that asks and never reads."""
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as connection:
            connection.sendall(b"GET /live/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            yield connection

    def test_one_that_does_not_read_is_in_nobodys_way(self):
        with Server("--requests-max", 1) as server, contextlib.ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(self.sleeper(server.port))
            listener = stack.enter_context(Listener(server.port))
            client = Client(server.port)
            for _ in range(3):
                self.assertEqual(client.request("POST", "/chat", {"input": "hi"})[0], 200)
            wait_for(lambda: listener.sum("requests") == 3, "points")
            counts = client.json("/stats")["windows"]["start"]
            self.assertEqual((counts["requests"], counts["cancelled"], counts["failed"]), (3, 0, 0))
            client.connection.close()

    def test_leaving_is_no_error(self):
        with Server() as server:
            for _ in range(3):
                with Listener(server.port) as listener:
                    wait_for(lambda one=listener: one.of("slo"), "the first events")
            client = Client(server.port)
            found = {}

            def seen():
                found.update(client.samples())
                return found.get(("qaio_requests_total",
                                  (("route", "/live/events"), ("status", "2xx")))) == 3
            wait_for(seen, "their records")
            self.assertFalse([key for key in found if key[0] == "qaio_errors_total"])
            client.connection.close()


if __name__ == "__main__":
    unittest.main()
