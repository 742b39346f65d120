#!/usr/bin/env python3
"""Measures questions about a text: `qaio serve` over HTTP, beside llama.cpp from npm on the same files.

Prints a Markdown table of ratios with what each should be. Files and llama.cpp are those of
bench_peers.py. All that is compared takes turns within one run, and every figure is a median.
llama.cpp gets as many tokens as qaio computed: the text with the first question, and each further
question behind the text, whose place it then takes; it reads two logits for each.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time

from bench_peers import FLASH, Llama, cpu_name, install_llama, llama_version, say, synthesize
from bench_serving import WORDS, Server

KINDS = ("q4_0", "q8_0")
TEXT_TOKENS = 400
SHORT_TEXT_TOKENS = 40
QUESTIONS = 16
QUESTION_TOKENS = 20  # that each adds to the text, the wording around it included
WORDS_MIN = 3
CONTEXT_SIZE = 4096
BENCH_REPEAT = 5


class Asker:
    """Asks yes/no questions over HTTP, each time about another text of so many words."""

    def __init__(self, server):
        self.server = server
        self.random = random.Random(1)
        self.question_words = 6

    def text(self, words):
        return " ".join(self.random.choices(WORDS, k=words))

    def ask(self, text, questions):
        """Seconds until the answer is there, and the request's id."""
        body = {"model": "any", "state": text, "questions": {
            f"q{i}": {"type": "noul", "instructions": self.text(self.question_words) + "?"}
            for i in range(questions)}}
        seconds, request_id, answer = self.server.timed_post("/v1/systemone", body)
        yes = [one["noul"] for one in answer["answers"].values()]
        if len(yes) != questions or not all(0 < p < 1 for p in yes):
            raise RuntimeError(f"not {questions} answers: {answer}")
        return seconds, request_id

    def counters(self, request_id):
        """Of its task; the request may still be ending."""
        for _ in range(1000):
            status, record = self.server.get(f"/requests/{request_id}")
            if status == 200:
                return json.loads(record)["tasks"][0]["counters"]
            time.sleep(0.01)
        raise RuntimeError(f"no record of {request_id}: {record}")

    def fit_question_length(self):
        """Makes a question add about QUESTION_TOKENS, however much of them is the wording."""
        self.server.connect()
        def measured():
            return self.counters(self.ask(self.text(TEXT_TOKENS), QUESTIONS)[1])

        added = round(measured()["question_tokens"] / QUESTIONS)
        self.question_words = max(WORDS_MIN, self.question_words + QUESTION_TOKENS - added)
        return measured()


class Samples:
    """Seconds by (file, what took them)."""

    def __init__(self):
        self.seconds = {}

    def add(self, kind, what, seconds):
        self.seconds.setdefault((kind, what), []).append(seconds)

    def median(self, kind, what):
        return statistics.median(self.seconds[kind, what])


def qaio_turn(asker, kind, repeats, samples):
    asker.server.connect()
    for _ in range(repeats):
        samples.add(kind, "many", asker.ask(asker.text(TEXT_TOKENS), QUESTIONS)[0])
        text = asker.text(TEXT_TOKENS)
        samples.add(kind, "one", asker.ask(text, 1)[0])
        samples.add(kind, "later", asker.ask(text, 1)[0])


def short_turn(asker, kind, repeats, samples):
    """Returns how many tokens such a request computes."""
    asker.server.connect()
    computed = []
    for _ in range(repeats):
        seconds, request_id = asker.ask(asker.text(SHORT_TEXT_TOKENS), 1)
        counters = asker.counters(request_id)
        samples.add(kind, "short", seconds)
        computed.append(counters["prompt_tokens"] - counters["cached_tokens"])
    return round(statistics.median(computed))


def bench_turn(qaio, file, kind, tokens, threads, samples):
    """A prompt of so many tokens without a server."""
    command = [qaio, "bench", "--model", file, "--threads", str(threads), "--prompt", str(tokens),
               "--generate", "1", "--repeat", str(BENCH_REPEAT), "--json"]
    rows = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    speed = next(row["tok_s"] for row in rows if row["test"] == f"pp{tokens}")
    samples.add(kind, "bare", tokens / speed)


def llama_turn(work, kind, file, threads, flash, tokens, repeats, samples):
    with Llama(work, file, threads, flash, CONTEXT_SIZE) as llama:
        for i in range(repeats + 1):
            seconds = llama.evaluate(prompt=tokens["text"], questions=QUESTIONS,
                                     question=tokens["question"], seed=i)["total_s"]
            if i > 0:  # the first warms up
                samples.add(kind, f"llama.cpp {flash}", seconds)


def measure(options, qaio, work, files):
    samples, tokens = Samples(), {}
    for turn in range(options.rounds):
        for kind, file in files.items():
            say(f"round {turn + 1} of {options.rounds}: {kind}")
            file.read_bytes()  # a warm page cache for both
            with Server(qaio, file, options.threads, work / "serve.log") as server:
                asker = Asker(server)
                counters = asker.fit_question_length()
                tokens = {"text": counters["prompt_tokens"],
                          "question": round(counters["question_tokens"] / QUESTIONS)}
                for flash in FLASH:
                    qaio_turn(asker, kind, options.repeats, samples)
                    short = short_turn(asker, kind, options.repeats, samples)
                    bench_turn(qaio, file, kind, short, options.threads, samples)
                    llama_turn(work, kind, file, options.threads, flash, tokens,
                               options.repeats, samples)
    return samples, tokens


def print_table(samples, tokens, kinds):
    text, question = tokens["text"], tokens["question"]
    print("| | file | measured | ratio | should be |\n|---|---|---|---:|---:|")
    for kind in kinds:
        ms = {what: 1000 * samples.median(kind, what)
              for what in ("many", "one", "later", "short", "bare")}
        theirs = min(1000 * samples.median(kind, f"llama.cpp {flash}") for flash in FLASH)
        ours_s, theirs_s = (1000 * QUESTIONS / total for total in (ms["many"], theirs))
        for what, figures, ratio, bar in (
                (f"{QUESTIONS} questions of {question} tokens about a text of {text} in one "
                 "request, against one question", f"{ms['many']:.0f} and {ms['one']:.0f} ms",
                 ms["many"] / ms["one"], "at most 2.1"),
                ("another question about that text in a later request, against the first",
                 f"{ms['later']:.1f} and {ms['one']:.0f} ms", ms["later"] / ms["one"],
                 "at most 0.2"),
                ("questions per second, against llama.cpp",
                 f"{ours_s:.1f} and {theirs_s:.1f}", ours_s / theirs_s,
                 f"at least {2.2 if kind == 'q4_0' else 2.7}"),
                (f"one question about {SHORT_TEXT_TOKENS} words, HTTP to answer, against the bare "
                 "prompt of `qaio bench`", f"{ms['short']:.1f} and {ms['bare']:.1f} ms",
                 ms["short"] / ms["bare"], "at most 1.15")):
            print(f"| {what} | {kind.upper()} | {figures} | {ratio:.2f} | {bar} |")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench-decisions", description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="folder that holds the qaio to measure")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=8, help="of each request in a turn")
    options = parser.parse_args()
    if platform.machine() != "x86_64":
        sys.exit("bench-decisions: llama.cpp is pinned for x86-64 only")
    qaio = options.build.resolve() / "qaio"
    work = options.build.resolve() / "bench_peers"
    work.mkdir(exist_ok=True)
    install_llama(work)
    files = synthesize(qaio, work, KINDS)
    start = time.monotonic()
    samples, tokens = measure(options, qaio, work, files)
    print_table(samples, tokens, KINDS)
    print(f"\n{cpu_name()}, {options.threads} threads. llama.cpp: node-llama-cpp "
          f"{llama_version(work)}, the better of flash attention on and its default. Medians of "
          f"{2 * options.rounds * options.repeats} requests each in {time.monotonic() - start:.0f} "
          f"s, load {os.getloadavg()[1]:.1f}.")


if __name__ == "__main__":
    main()
