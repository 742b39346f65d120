"""The server under pressure, with the real program: overload, crowds of connections, slow clients,
clients that vanish, and being told to stop. How quick it is meanwhile is latency_timing_test.py's."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import resource
import signal
import socket
import threading
import time
import unittest

from program import OK, ProgramTest, Server

LONG = {"messages": [{"role": "user", "content": "你好"}], "max_tokens": 2000, "ignore_eos": True}
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHAT = "/v1/chat/completions"
TEXT = "今天天气不错, a word or two. " * 16_000
IDS = [1] * 200_000
LONG_TEXTS = (("/tokenize", {"content": TEXT}), ("/detokenize", {"tokens": IDS}),
              ("/v1/completions", {"prompt": TEXT}),
              (CHAT, {"messages": [{"role": "user", "content": TEXT}]}),
              ("/v1/completions", {"prompt": IDS}))


def message(path, body):
    data = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def answer(client):
    """(status, headers, body) of one answer with a Content-Length or in chunks."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.headers, response.read()


def ask(server, path=CHAT, body=None, **options):
    with connect(server) as client:
        client.sendall(message(path, body or {**LONG, "max_tokens": 4, **options}))
        return answer(client)


def open_stream(server):
    """A client in the middle of a long stream."""
    client = connect(server)
    client.sendall(message(CHAT, {**LONG, "stream": True}))
    seen = b""
    while b"data: " not in seen:
        seen += client.recv(4096)
    return client


def rest_of(client):
    seen = b""
    while piece := client.recv(65536):
        seen += piece
    return seen.decode()


def allow_many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))


def metric(server, name):
    with connect(server) as client:
        client.sendall(METRICS)
        status, _, text = answer(client)
    found = re.search(rf"^{name} (\S+)$", text.decode(), re.MULTILINE)
    return float(found[1]) if found else f"refused with {status}"


def queued_bytes(server, client):
    """What the system holds for the server's end of a connection: bytes it has not sent, and bytes
    that the server has not read."""
    ends = f":{server.port:04X} ", f":{client.getsockname()[1]:04X} "
    with open("/proc/net/tcp") as connections:
        for line in connections:
            _, local, remote, _, queues, *_ = line.split()
            if f"{local} ".endswith(ends[0]) and f"{remote} ".endswith(ends[1]):
                return tuple(int(number, 16) for number in queues.split(":"))
    return 0, 0


@contextlib.contextmanager
def busy_clients(server, count, request):
    """So many clients that send the request again and again."""
    stop = threading.Event()

    def send():
        with connect(server) as client:
            while not stop.is_set():
                client.sendall(request)
                answer(client)

    threads = [threading.Thread(target=send) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def records(server, status, method=""):
    return [line for line in server.lines if f"status={status} {method}" in line]


class LimitsTest(ProgramTest):
    def eventually(self, condition):
        """Waits for it; the limit only finds what never comes."""
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def is_read(self, server, client):
        """Waits until the server has what the client sent."""
        self.eventually(lambda: queued_bytes(server, client)[1] == 0)

    def runs(self, server, count):
        """Waits until so many sequences are being generated."""
        self.eventually(lambda: metric(server, "qaio_sequences_running") == count)


class Overload(LimitsTest):
    def test_the_rest_is_refused_at_once_and_recorded(self):
        with Server("--threads", 1, "--requests-max", 3) as server:
            streams = [open_stream(server) for _ in range(3)]
            for path in (CHAT, "/v1/completions", "/chat", "/v1/tasks/sentiment"):
                status, headers, body = ask(server, path, {"input": "x"})
                self.assertEqual(status, 503, body)
                self.assertEqual(headers["Retry-After"], "1")
                self.assertEqual(json.loads(body)["error"]["code"], "resource_exhausted")
            self.assertEqual(records(server, 200, "POST"), [], "those three still run")
            # a record is written once its answer has left
            self.eventually(lambda: len(records(server, 503)) == 4)
            for client in streams:
                client.close()
            self.eventually(lambda: len(records(server, 499)) == 3)
            self.assertEqual(ask(server)[0], 200)

    def test_one_client_is_held_to_its_share(self):
        with Server("--threads", 1, "--client-requests-max", 1) as server:
            with open_stream(server):
                status, headers, _ = ask(server)
                self.assertEqual((status, headers["Retry-After"]), (429, "1"))
            self.eventually(lambda: records(server, 499))
            self.assertEqual(ask(server)[0], 200)

    def test_a_burst_is_answered_or_refused_and_leaves_nothing_behind(self):
        with Server("--requests-max", 8) as server:
            with concurrent.futures.ThreadPoolExecutor(40) as threads:
                statuses = [status for status, *_ in threads.map(
                    lambda seed: ask(server, seed=seed, max_tokens=20), range(200))]
            self.assertEqual(set(statuses) - {200, 503}, set())
            self.assertGreaterEqual(statuses.count(200), 8)
            # every place is free again: as many run side by side as before
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                self.assertEqual({status for status, *_ in threads.map(
                    lambda seed: ask(server, seed=seed), range(8))}, {200})

    def test_limits_of_size_are_options(self):
        with Server("--threads", 1, "--body-bytes-max", 2000, "--history-turns-max", 2,
                    "--new-tokens-max", 10, "--strict-lengths", "--alias", "small,tiny") as server:
            self.assertEqual(ask(server, "/chat", {"input": "x" * 3000})[0], 413)
            history = [{"user": "a", "bot": "b"}] * 3
            status, _, body = ask(server, "/chat", {"input": "x", "history": history})
            self.assertEqual((status, json.loads(body)["error"]["field"]), (400, "history"))
            self.assertEqual(ask(server, max_tokens=11)[0], 400)
            self.assertEqual(ask(server, "/chat", {"input": "x", "max_new_tokens": 11})[0], 400)
            status, _, body = ask(server, max_tokens=10, model="Tiny:latest")
            self.assertEqual((status, json.loads(body)["model"]), (200, "small"))


    def test_the_limit_of_memory_is_named_with_its_option(self):
        with Server("--threads", 1, "--kv-tokens", 512, "--strict-lengths") as server:
            for path, body, field in ((CHAT, {**LONG, "max_tokens": 900}, "max_tokens"),
                                      ("/chat", {"input": "a", "max_new_tokens": 900},
                                       "max_new_tokens"),
                                      ("/v1/completions", {"prompt": "a b c " * 400}, "prompt")):
                status, _, body = ask(server, path, body)
                error = json.loads(body)["error"]
                self.assertEqual((status, error["field"]), (400, field), error)
                self.assertIn("--kv-tokens", error["message"])


class Crowds(LimitsTest):
    @staticmethod
    def ask_often(server, count, request=message(CHAT, {**LONG, "max_tokens": 4})):
        with connect(server) as client:
            for _ in range(count):
                client.sendall(request)
                status, _, body = answer(client)
                assert status == 200, body

    @staticmethod
    def drip(clients, stop):
        """Sends a request's head to all of them, a byte at a time."""
        for byte in message("/chat", {"input": "hello"})[:60]:
            for client in clients:
                client.send(bytes([byte]))
            if stop.wait(0.02):
                return

    def test_idle_and_slow_connections_cost_no_thread_and_stop_nobody(self):
        allow_many_descriptors()
        with Server("--threads", 1, "--read-timeout", 5) as server:
            self.ask_often(server, 20)
            threads = len(os.listdir(f"/proc/{server.process.pid}/task"))
            idle = [connect(server) for _ in range(1000)]
            slow = [connect(server) for _ in range(200)]
            stop = threading.Event()
            dripping = threading.Thread(target=self.drip, args=(slow, stop))
            dripping.start()
            self.ask_often(server, 100)
            # Fewer if the KV cache is all touched by now, and the thread that did it has ended.
            self.assertLessEqual(len(os.listdir(f"/proc/{server.process.pid}/task")), threads)
            stop.set()
            dripping.join()
            for client in slow:
                self.assertEqual(answer(client)[0], 408)
            idle[500].sendall(HEALTH)
            self.assertEqual(answer(idle[500])[0], 200)
            for client in idle + slow:
                client.close()

    def test_past_the_limit_connections_are_refused(self):
        with Server("--threads", 1, "--connections-max", 2) as server:
            with connect(server) as first, connect(server) as second:
                for client in (first, second):
                    client.sendall(HEALTH)
                    self.assertEqual(answer(client)[0], 200)
                with connect(server) as third:
                    third.sendall(METRICS)
                    status, headers, _ = answer(third)
                    self.assertEqual(status, 503)
                with connect(server) as probe:
                    probe.sendall(HEALTH)
                    self.assertEqual(answer(probe)[0], 200)
                self.eventually(lambda: records(server, 503))
                self.assertIn(headers["X-Request-Id"], records(server, 503)[0])

    def test_health_does_not_wait_for_streams(self):
        with Server() as server:
            streams = [open_stream(server) for _ in range(8)]
            self.ask_often(server, 20, HEALTH)
            self.assertEqual(records(server, 200, "POST"), [], "the streams still run")
            for client in streams:
                client.close()

    def test_health_and_metrics_while_others_send_long_texts(self):
        with Server() as server:
            for path, body in LONG_TEXTS:
                with busy_clients(server, 4, message(path, body)):
                    for request in (HEALTH, METRICS):
                        self.ask_often(server, 20, request)


class Vanished(LimitsTest):
    def test_clients_that_vanish_free_their_sequences(self):
        with Server("--threads", 1) as server:
            for number, stream in enumerate((True, False, True, False)):
                with connect(server) as client:
                    client.sendall(message(CHAT, {**LONG, "stream": stream}))
                    if stream:
                        client.recv(4096)
                    else:
                        self.runs(server, 1)
                    if number >= 2:  # with a reset instead of a farewell
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.eventually(lambda: len(records(server, 499)) == number + 1)
                tokens = int(re.search(r" tokens=(\d+)", records(server, 499)[-1])[1])
                self.assertLess(tokens, 1900)

    def test_a_client_that_does_not_read_is_dropped(self):
        # What nobody reads fills the kernel's buffers, then the stream's own bound of 1 MiB. The
        # connection itself ends when a piece of it could not be sent for 30 s: see stop_test.cpp.
        with Server("--threads", 1) as server:
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", server.port))
            deaf.sendall(message(CHAT, {**LONG, "stream": True, "logprobs": True,
                                        "top_logprobs": 20}))
            self.eventually(lambda: queued_bytes(server, deaf)[0] > 0)
            self.runs(server, 0)
            self.assertEqual(ask(server)[0], 200)
            deaf.close()
            self.eventually(lambda: records(server, 499))
            self.assertIn("client_too_slow", records(server, 499)[0])


class Memory(LimitsTest):
    """What a server holds depends on its limits, not on how many requests it served.

    QAIO_TEST_REQUESTS=100000 makes it the long version, which takes minutes."""
    REQUESTS = int(os.environ.get("QAIO_TEST_REQUESTS", 3000))
    CLIENTS = 8
    GROWTH_MAX_MIB = 12  # of statistics and caches that fill up

    def resident_mib(self, server):
        with open(f"/proc/{server.process.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) / 1024

    def serve(self, server, numbers):
        with connect(server) as client:
            for number in numbers:
                client.sendall(message("/v1/tasks/sentiment", {"input": f"今天第 {number} 次心情不错"}))
                status, _, body = answer(client)
                self.assertEqual(status, 200, body)

    def test_it_does_not_grow(self):
        sizes = {}
        served = 0
        with Server("--archive", self.folder / "archive.db", "--archive-csv", self.folder / "csv",
                    # in a sanitizer's build: freed memory is not held back
                    environment={"ASAN_OPTIONS": "quarantine_size_mb=0"}) as server:
            for upto in (self.REQUESTS // 10, self.REQUESTS // 2, self.REQUESTS):
                with concurrent.futures.ThreadPoolExecutor(self.CLIENTS) as threads:
                    parts = [range(served + i, upto, self.CLIENTS) for i in range(self.CLIENTS)]
                    list(threads.map(lambda part: self.serve(server, part), parts))
                served = upto
                sizes[upto] = self.resident_mib(server)
            print("resident MiB after requests:",
                  ", ".join(f"{count}: {size:.1f}" for count, size in sizes.items()))
            self.assertEqual(server.stop(), OK)
        # The last records fill up within the first thousand requests.
        first, middle, last = sizes.values()
        self.assert_memory_less(last - (first if self.REQUESTS >= 10_000 else middle), self.GROWTH_MAX_MIB)


class Stops(LimitsTest):
    def stop(self, server):
        """Sends SIGTERM; the program must end with success, before the longest drain time (60 s)."""
        self.assertEqual(server.stop(signal.SIGTERM), OK, "".join(server.lines))

    def test_running_requests_finish(self):
        with Server("--threads", 1, "--drain-timeout", 60) as server:
            with connect(server) as client, connect(server) as idle:
                client.sendall(message(CHAT, LONG))
                self.runs(server, 1)
                server.process.send_signal(signal.SIGTERM)
                status, headers, body = answer(client)
                self.assertEqual((status, headers["Connection"]), (200, "close"), body)
                self.assertEqual(json.loads(body)["usage"]["completion_tokens"], LONG["max_tokens"])
                self.assertEqual(idle.recv(100), b"")
            self.stop(server)
            self.assertEqual(len(records(server, 200, "POST")), 1)  # the log is complete

    def test_a_second_signal_ends_the_draining(self):
        for second in (signal.SIGTERM, signal.SIGINT):
            with Server("--threads", 1, "--drain-timeout", 600) as server:
                with connect(server) as client:
                    client.sendall(message("/chat", {"input": "hello"})[:-5])  # and no more
                    time.sleep(0.2)
                    server.process.send_signal(signal.SIGTERM)
                    time.sleep(0.2)
                    self.assertIsNone(server.process.poll())
                    self.assertEqual(server.stop(second), OK, "".join(server.lines))

    def test_what_outlives_the_drain_time_is_cancelled(self):
        with Server("--threads", 1, "--drain-timeout", 1) as server:
            streams = [open_stream(server) for _ in range(16)]
            with concurrent.futures.ThreadPoolExecutor(16) as threads:
                texts = threads.map(rest_of, streams)
                self.stop(server)
                for text in texts:
                    self.assertTrue("[DONE]" in text or '"code":"cancelled"' in text, text[-300:])
            for client in streams:
                client.close()

    def test_clients_that_do_not_go_on_are_not_waited_for(self):
        for drain, said in ((0, b"POST /cha"), (1, message("/chat", {"input": "hello"})[:-5])):
            with Server("--threads", 1, "--drain-timeout", drain) as server, \
                    connect(server) as client:
                client.sendall(said)
                self.eventually(lambda: metric(server, "qaio_http_connections") == 2)
                self.is_read(server, client)
                self.stop(server)
                self.assertEqual(answer(client)[0], 503)
                self.assertEqual(len(records(server, 503)), 1)

    def test_a_client_that_does_not_read_is_not_waited_for(self):
        with Server("--threads", 1, "--drain-timeout", 1) as server:
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", server.port))
            deaf.sendall(message(CHAT, {**LONG, "max_tokens": 400, "stream": True,
                                        "logprobs": True, "top_logprobs": 20}))
            self.eventually(lambda: queued_bytes(server, deaf)[0] > 0)
            self.runs(server, 0)
            self.stop(server)
            self.assertEqual(len(records(server, 499)), 1)
            deaf.close()

    def test_nothing_new_is_accepted(self):
        with Server("--threads", 1, "--drain-timeout", 60) as server:
            with open_stream(server) as client:
                server.process.send_signal(signal.SIGTERM)
                with self.assertRaises(OSError):
                    for _ in range(200):
                        connect(server).close()
                        time.sleep(0.01)
                self.assertIn("[DONE]", rest_of(client))
            self.stop(server)


if __name__ == "__main__":
    unittest.main()
