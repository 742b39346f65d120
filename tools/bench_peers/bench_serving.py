#!/usr/bin/env python3
"""Measures how `qaio serve` behaves with many clients, on the Q4_0 file of the Qwen1.5-0.5B shape
that bench_peers.py compares (or --model). Prints a Markdown table; ratios are of one run."""

import argparse
import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import threading
import time

from bench_peers import FILES, install_llama, say, synthesize

GREEDY = {"temperature": 0, "ignore_eos": True}
WORDS = "the of and to in is you that it he was for on are as with his they at be this have from".split()


class Server:
    """`qaio serve` on a free port; a context manager."""

    def __init__(self, qaio, model, threads, log):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.qaio = qaio
        self.connection = None
        with open(log, "wb") as to:
            self.process = subprocess.Popen(
                [qaio, "serve", "--model", model, "--threads", str(threads), "--port",
                 str(self.port)], stdout=to, stderr=to)

    def __enter__(self):
        for _ in range(1200):
            with contextlib.suppress(OSError):
                if self.get("/health/ready")[0] == 200:
                    return self
            time.sleep(0.05)
        raise RuntimeError("the server does not become ready")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(60)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def post_ms(self, path, body):
        """Times until the first byte of a streamed answer and until its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        with contextlib.closing(connection):
            start = time.perf_counter()
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            answer.read(1)
            first = time.perf_counter()
            text = answer.read()
            if answer.status != 200:
                raise RuntimeError(text.decode())
            return 1000 * (first - start), 1000 * (time.perf_counter() - start)

    def connect(self):
        """Opens the connection of the next timed_post(); the server closes one that does nothing."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        self.connection.connect()

    def timed_post(self, path, body):
        """Seconds until the whole answer is there, its request id, and the answer."""
        start = time.perf_counter()
        self.connection.request("POST", path, json.dumps(body))
        answer = self.connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - start
        if answer.status != 200:
            raise RuntimeError(text.decode())
        return seconds, answer.headers["X-Request-Id"], json.loads(text)

    def load(self, *options, output_tokens=64):
        command = [self.qaio, "load", "--url", f"http://127.0.0.1:{self.port}/v1/completions",
                   "--prompt-tokens", "40", "--output-tokens", str(output_tokens), "--ignore-eos",
                   "--extra-body", json.dumps({"temperature": 0}), "--json", *map(str, options)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)

    def blocks_used(self):
        found = re.search(r'(?m)^qaio_kv_blocks{state="used"} (\S+)$', self.get("/metrics")[1])
        return float(found[1])


def text_of(tokens, seed):
    return " ".join(WORDS[(seed * 7919 + i * i * 31 + i) % len(WORDS)] for i in range(tokens))


def clients(server):
    for count in (1, 2, 4, 8, 16):
        report = server.load("--concurrency", count, "--count", 6 * count)
        gaps = report["inter_token_ms"]
        yield (f"{count} client{'s' if count > 1 else ''} of 40 + 64 tokens", f"{report['throughput']['output_tok_s']:.0f} "
               f"output tok/s, inter-token p99 {gaps['p99'] / gaps['p50']:.1f} times its median")


def cached_prefix(server):
    ratios = []
    for i in range(8):
        body = {"prompt": text_of(400, i), "max_tokens": 1, "stream": True, **GREEDY}
        cold, _ = server.post_ms("/v1/completions", body)
        warm, _ = server.post_ms("/v1/completions", {**body, "prompt": body["prompt"] + " then"})
        ratios.append(cold / warm)
    yield "first token behind a cached prefix of 400 tokens", \
        f"{statistics.median(ratios):.1f} times sooner"


def sentiment(server):
    times = {("chat",): [], ("sentiment", "chat"): []}
    for i in range(12):
        for tasks, sample in times.items():
            sample.append(server.post_ms("/chat", {
                "input": text_of(12, 100 + i), "tasks": tasks, "max_new_tokens": 64, "seed": i})[1])
    alone, both = (statistics.median(sample) for sample in times.values())
    yield "sentiment beside a reply of 64 tokens", f"{100 * (both / alone - 1):+.0f} % time"


def probes(server):
    """p99 of health and metrics while 8 clients compute."""
    report = threading.Thread(target=server.load, args=("--concurrency", 8, "--count", 48))
    report.start()
    times = {"/health/live": [], "/metrics": []}
    while report.is_alive():
        for path, sample in times.items():
            start = time.perf_counter()
            server.get(path)
            sample.append(1000 * (time.perf_counter() - start))
        time.sleep(0.02)
    for path, sample in times.items():
        yield f"{path} while 8 clients compute", f"p99 {statistics.quantiles(sample, n=100)[98]:.1f} ms"


def crowd(server):
    """p95 of one client's requests without and with many who hold connections."""
    options = ("--concurrency", 1, "--count", 40)
    alone = server.load(*options, output_tokens=8)["total_ms"]["p95"]
    done = threading.Event()
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(1000)]
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]

    def drip():
        request = b"POST /chat HTTP/1.1\r\nHost: x\r\n"
        for byte in request:
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.send(bytes([byte]))
            if done.wait(1):
                return

    thread = threading.Thread(target=drip)
    thread.start()
    crowded = server.load(*options, output_tokens=8)["total_ms"]["p95"]
    done.set()
    thread.join()
    for connection in idle + slow:
        connection.close()
    yield "p95 beside 1,000 idle and 200 slow connections", f"{crowded / alone:.2f} times that alone"


def overload(server, seconds):
    capacity = server.load("--concurrency", 24, "--duration", min(seconds, 30))
    rate = 4 * capacity["throughput"]["requests_s"]
    over = server.load("--rate", rate, "--concurrency", 2000, "--duration", seconds)
    requests = over["requests"]
    share = requests["failed"] / (requests["failed"] + requests["succeeded"])
    yield (f"4 times what it can do, for {seconds} s",
           f"p95 of those admitted {over['total_ms']['p95'] / capacity['total_ms']['p95']:.2f} "
           f"times that at capacity; {100 * share:.0f} % refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, help="another file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--overload-seconds", type=int, default=120)
    options = parser.parse_args()
    qaio = (options.build / "qaio").resolve()
    work = (options.build / "bench_peers").resolve()
    work.mkdir(parents=True, exist_ok=True)
    if options.model is None:
        install_llama(work)  # for the tokenizer
        options.model = synthesize(qaio, work)[next(iter(FILES))]
    with Server(qaio, options.model, options.threads, work / "serve.log") as server:
        print(f"| {options.model.name}, {options.threads} threads | |\n|---|---|")
        for part in (clients, cached_prefix, sentiment, probes, crowd,
                     lambda server: overload(server, options.overload_seconds)):
            for what, figure in part(server):
                print(f"| {what} | {figure} |", flush=True)
        time.sleep(1)
        blocks = server.blocks_used()
    print(f"| afterwards | {blocks:.0f} KV blocks in use, exit code {server.code} |")


if __name__ == "__main__":
    main()
