"""Where alerts and traces are sent to: targets that hang, answer garbage, gigabytes or somewhere
else, and names that are never resolved. Requests do not notice, everything is counted, and the end
does not wait for them.

The long version: QAIO_TEST_EACH_TARGET=1 python3 tests/bad_targets_test.py BadTargets.test_traces
"""

import contextlib
import os
import re
import shutil
import socket
import socketserver
import subprocess
import threading
import time
import unittest

from faults import ROOT, FaultTest, ask, cpu_seconds, eventually, metric
from program import OK, Server
from slo_test import strict_config

EACH = bool(os.environ.get("QAIO_TEST_EACH_TARGET"))
ACTIONS_MAX = 7  # and an Alertmanager; more are refused
END_MAX_S = 12  # 2 s of draining for all of them, on a busy machine


class Target(socketserver.ThreadingTCPServer):
    """Takes connections and does to each what `answer(socket, stopped)` says."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answer):
        self.accepted = 0
        self.stopped = threading.Event()
        target = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                target.accepted += 1
                with contextlib.suppress(OSError):
                    answer(self.request, target.stopped)
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path=""):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def close(self):
        self.stopped.set()
        self.shutdown()
        self.server_close()


def read_head(sock):
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = sock.recv(65536)
        if not piece:
            return
        seen += piece


def says(text):
    def answer(sock, _):
        read_head(sock)
        sock.sendall(text)
    return answer


def hangs(sock, stopped):
    stopped.wait(120)


def says_nothing(sock, stopped):
    read_head(sock)
    stopped.wait(120)


def without_end(head, piece):
    def answer(sock, stopped):
        read_head(sock)
        sock.sendall(head)
        while not stopped.is_set():
            sock.sendall(piece)
    return answer


def drips(sock, stopped):
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stopped.wait(0.05):
        sock.sendall(b"X: y\r\n")


def closes_midway(sock, _):
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")


def redirects(to, status=307):
    return says(f"HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


def answers(trap):
    """What a target may do, by name."""
    bad_json = b'{"partialSuccess": {"rejectedSpans": "x", "errorMessage": ' + b"[" * 5000
    ok = b"HTTP/1.1 200 OK\r\n"
    every = {"hangs": hangs, "says nothing": says_nothing, "closes at once": lambda sock, _: None,
             "closes midway": closes_midway, "garbage": says(bytes(range(256)) * 256),
             "garbage as JSON": says(ok + b"Content-Length: %d\r\n\r\n" % len(bad_json) + bad_json),
             "gigabytes": without_end(ok + b"Content-Length: 8000000000\r\n\r\n", b"x" * 65536),
             "chunks": without_end(b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n",
                                   b"1000\r\n" + b"x" * 4096 + b"\r\n"),
             "headers": without_end(ok, b"X-1: " + b"y" * 4096 + b"\r\n"),
             "early answers": without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "drips": drips}
    if trap is not None:
        for to in ("file:///etc/passwd", trap.url("/elsewhere"), "gopher://127.0.0.1:1/x", "//", "/again",
                   "http://user:secret@127.0.0.1/"):
            every[f"redirects to {to}"] = redirects(to)
    return every



class BadTargets(FaultTest):
    @staticmethod
    def config(place, *targets):
        return strict_config(place, *({"kind": kind, "url": url, "timeout": "2s"} for kind, url in targets))

    def check(self, place, webhooks, traces):
        """Alerts go to all of `webhooks`, and spans and metrics to `traces`."""
        targets = [("webhook", url) for url in webhooks] + [("alertmanager", webhooks[0])]
        with Server("--config", self.config(place, *targets), "--otlp-endpoint", traces,
                    environment={"OTEL_METRIC_EXPORT_INTERVAL": "500",
                                 "OTEL_EXPORTER_OTLP_TIMEOUT": "2000"}) as server:
            pid = server.process.pid
            anonymous = self.anonymous_mib(pid)
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            self.waits_for(server, "is firing")
            # Requests go on as if nothing was, and what cannot be sent does not pile up.
            for _ in range(300):
                self.assertEqual(ask(server.port, "POST", "/tokenize", {"content": "a"})[0], 200)
            for number in range(len(targets)):
                eventually(lambda: self.ended(server, f"a{number}") or self.said(server, f"'a{number}'"),
                           f"the end of a post to {targets[number]}")
            cpu = cpu_seconds(pid)
            time.sleep(1)
            self.assertLess(cpu_seconds(pid) - cpu, 0.9, "it spins")
            self.assert_memory_less(self.anonymous_mib(pid) - anonymous, 64)
            begin = time.monotonic()
            self.assertEqual(server.stop(), OK, server.lines[-3:])
            self.assertLess(time.monotonic() - begin, END_MAX_S)
            self.assertLess(len(self.said(server, "SLA action")), 10 * len(targets))
            self.assertLess(len(self.said(server, "OTLP")), 10)
            self.assertFalse(self.said(server, "root:"), "a file was read")

    @staticmethod
    def ended(server, action):
        text = ask(server.port, "GET", "/metrics")[1]
        return sum(float(value) for value in re.findall(
            rf'^qaio_sla_notifications_total\{{action="{action}"[^}}]*\}} (\S+)$', text, re.M))

    @staticmethod
    def anonymous_mib(pid):
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1]) / 1024

    def target(self, answer):
        target = Target(answer)
        self.addCleanup(target.close)
        return target

    def test_all_of_them_at_once(self):
        trap = self.target(says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        targets = [self.target(answer) for answer in answers(trap).values()]
        with self.full_queue() as taking_nothing:
            urls = [target.url() for target in targets] + [taking_nothing]
            self.side_by_side(self.check, [(urls[first:first + ACTIONS_MAX], self.target(says_nothing).url())
                                           for first in range(0, len(urls), ACTIONS_MAX)])
        self.assertEqual([target.accepted > 0 for target in targets], [True] * len(targets))
        self.assertEqual(trap.accepted, 0, "a redirection was followed")

    def test_traces(self):
        trap = self.target(says(b""))
        every = answers(trap)
        for name in every if EACH else ("gigabytes", "garbage as JSON"):
            with self.subTest(name):
                target = self.target(every[name])
                self.check(self.new_place(), [target.url()], target.url())

    def test_the_post_of_an_answer_without_end_has_arrived(self):
        target = self.target(answers(None)["gigabytes"])
        with Server("--config", self.config(self.place, ("webhook", target.url()))) as server:
            begin = time.monotonic()
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            eventually(lambda: metric(server.port, "qaio_sla_notifications_total",
                                      '{action="a0",result="sent"}'), "the post's end")
            self.assertLess(time.monotonic() - begin, 30)
            self.assertEqual(metric(server.port, "qaio_sla_notifications_total",
                                    '{action="a0",result="failed"}'), 0)

    @contextlib.contextmanager
    def full_queue(self):
        """The URL of one that does not accept: what connects waits in the kernel."""
        with contextlib.ExitStack() as stack:
            deaf = stack.enter_context(socket.socket())
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for _ in range(3):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    client.connect(deaf.getsockname())
            yield f"http://127.0.0.1:{deaf.getsockname()[1]}"

    def test_a_name_that_is_never_resolved(self):
        if not ROOT or shutil.which("unshare") is None:
            self.skipTest("only root may give a process its own name server")
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        try:
            silent.bind(("127.7.7.7", 53))
        except OSError:
            self.skipTest("port 53 is not to be had")
        resolv = self.place / "resolv.conf"
        resolv.write_text("nameserver 127.7.7.7\noptions timeout:30 attempts:5\n")
        nsswitch = self.place / "nsswitch.conf"
        nsswitch.write_text("hosts: files dns\n")
        wrapped = ["unshare", "-m", "sh", "-c",
                   f"mount --bind {resolv} /etc/resolv.conf && touch /etc/nsswitch.conf && "
                   f'mount --bind {nsswitch} /etc/nsswitch.conf && exec "$@"', "sh"]
        if subprocess.run([*wrapped, "true"], capture_output=True).returncode != 0:
            self.skipTest("this system does not let tests mount")
        url = "http://collector.never.example"
        with Server("--config", self.config(self.place, ("webhook", url)), "--otlp-endpoint", url,
                    environment={"OTEL_METRIC_EXPORT_INTERVAL": "500",
                                 "OTEL_EXPORTER_OTLP_TIMEOUT": "1000"},
                    program_prefix=wrapped) as server:
            self.assertEqual(ask(server.port, "POST", "/chat", {"input": "a"})[0], 200)
            self.waits_for(server, "trying again", 2)
            self.assertTrue(silent.recv(512), "it was asked")
            threads = len(os.listdir(f"/proc/{server.process.pid}/task"))
            time.sleep(3)
            self.assertLess(len(os.listdir(f"/proc/{server.process.pid}/task")), threads + 16)
            begin = time.monotonic()
            self.assertEqual(server.stop(), OK, server.lines[-3:])
            self.assertLess(time.monotonic() - begin, END_MAX_S)


if __name__ == "__main__":
    unittest.main()
