"""What observing costs: a server that keeps SQLite and CSV archives, holds SLA rules and exports to
OpenTelemetry takes turns with a build that makes nothing of its records.

QAIO_TEST_OVERHEAD_REQUESTS sets how many requests each gets, QAIO_TEST_OVERHEAD_MODEL with what
model; the figures are printed."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import threading
import time
import unittest

from program import QAIO, ProgramTest, Server

UNOBSERVED = str(pathlib.Path(QAIO).with_name("qaio_unobserved"))
REQUESTS = int(os.environ.get("QAIO_TEST_OVERHEAD_REQUESTS", "300"))
MODEL = os.environ.get("QAIO_TEST_OVERHEAD_MODEL")
INPUTS = ("今天的服务真的很好，我非常满意。", "这个产品太差了，用了一天就坏了。",
          "The food was great and the staff were friendly.", "Hello, what can you do for me today?")


class Collector:
    """Answers every OTLP request with 200 and looks at none of them: its own time is not the question."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.requests = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection, connection.makefile("rb") as stream:
            while stream.readline():
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                stream.read(length)
                self.requests += 1
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: 2\r\n\r\n{}")


class Overhead(ProgramTest):
    def test_observing_costs_little(self):
        collector = Collector()
        model = ["--model", MODEL] if MODEL else []
        everything = ["--archive", self.folder / "records.db", "--archive-csv", self.folder / "csv",
                      "--otlp-endpoint", collector.url]
        with contextlib.ExitStack() as stack:
            servers = [
                stack.enter_context(Server("--threads", 1, *model, *everything)),
                stack.enter_context(Server("--threads", 1, *model, program=UNOBSERVED))]
            clients = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
                       for server in servers]
            for client in clients:
                stack.callback(client.close)
            times = [[], []]
            for i in range(REQUESTS + 10):
                body = json.dumps({"input": INPUTS[i % len(INPUTS)], "seed": i,
                                   "max_new_tokens": 32}).encode()
                for which in ((0, 1), (1, 0), (1, 0), (0, 1))[i % 4]:
                    begin = time.perf_counter()
                    clients[which].request("POST", "/chat", body)
                    response = clients[which].getresponse()
                    self.assertEqual(response.status, 200, response.read())
                    response.read()
                    if i >= 10:
                        times[which].append(time.perf_counter() - begin)
        observed, unobserved = times
        ratios = sorted(a / b for a, b in zip(observed, unobserved))
        quarter = len(ratios) // 4
        p50 = statistics.median(observed) / statistics.median(unobserved) - 1
        paired = statistics.mean(ratios[quarter:len(ratios) - quarter]) - 1
        most_of = lambda values: sum(sorted(values)[:len(values) * 9 // 10])
        throughput = most_of(observed) / most_of(unobserved) - 1
        print(f"\nobserving costs {100 * p50:+.2f} % of p50 ({1e3 * statistics.median(unobserved):.3f} ms), "
              f"{100 * paired:+.2f} % of paired requests, {100 * throughput:+.2f} % of throughput "
              f"(without the slowest tenth); {len(observed)} requests each")
        self.assertGreater(collector.requests, 0)
        self.assertLess(paired, 0.05)  # of requests of some ms; the bar of 1 % needs a quiet machine


if __name__ == "__main__":
    unittest.main()
