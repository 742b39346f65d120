#!/usr/bin/env python3
"""Measures what going on costs: `qaio serve` over HTTP on the Q4_0 file of the Qwen3.5-0.8B shape
that bench_peers.py compares (or --model), whose recurrent states cannot be cut like KV memory.

Prints a Markdown table of ratios to the first reading in the same run, medians of --rounds.
llama.cpp's are those of its package for Node.js, which keeps checkpoints of such states.
"""

import argparse
import http.client
import json
import pathlib
import statistics
import time

from bench_peers import File, Llama, install_llama, say
from bench_serving import GREEDY, WORDS, Server

READ = 2000     # tokens of the first reading
CHANGED = 20    # of them at its end are others the next time
MORE = 50       # and so many follow
TURNS = 10
TURN_TOKENS = 150  # of each question and of each answer
CONTEXT_SIZE = 4096


def tokens(count, seed):
    """Ids that every Qwen vocabulary has for plain text."""
    return [100 + (i * 7919 + seed * 104729 + 13) % 90000 for i in range(count)]


def gone_on(read):
    return read[:-CHANGED] + tokens(CHANGED + MORE, len(read) + read[0])


def read_again(server, seed):
    """Milliseconds of the first reading, and of going on."""
    first = tokens(READ, seed)
    return [server.post_ms("/v1/completions", {"prompt": prompt, "max_tokens": 1, "stream": True,
                                               **GREEDY})[0]
            for prompt in (first, gone_on(first))]


def first_token(server, messages):
    """Milliseconds until the first text of an answer, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    start = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "messages": messages, "max_tokens": TURN_TOKENS, "stream": True,
        "chat_template_kwargs": {"enable_thinking": False}, **GREEDY}))
    answer = connection.getresponse()
    first, text = None, ""
    for line in answer:
        if not line.startswith(b"data: {"):
            continue
        for choice in json.loads(line[6:])["choices"]:
            text += choice["delta"].get("content") or ""
        if text and first is None:
            first = 1000 * (time.perf_counter() - start)
    connection.close()
    if first is None:
        raise RuntimeError(f"no answer: {answer.status}")
    return first, text


def converse(server, seed):
    """Milliseconds to the first token of each turn. Answers are given back by words of ours: the
    text of random weights has no fixed number of tokens."""
    messages, times = [], []
    for turn in range(TURNS):
        messages.append({"role": "user", "content": " ".join(
            WORDS[(seed * 31 + turn * 17 + i * i) % len(WORDS)] for i in range(TURN_TOKENS))})
        times.append(first_token(server, messages)[0])
        messages.append({"role": "assistant", "content": " ".join(
            WORDS[(seed * 37 + turn * 13 + i * i) % len(WORDS)] for i in range(TURN_TOKENS))})
    return times


def measure(qaio, work, model, threads, rounds):
    """Samples by what they are."""
    samples = {}
    def add(what, value):
        samples.setdefault(what, []).append(value)

    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        with Server(qaio, model, threads, work / "serve.log") as server:
            server.post_ms("/v1/completions", {"prompt": tokens(64, 999), "max_tokens": 1, **GREEDY})
            first, again = read_again(server, turn)
            add("read", first)
            add("again", again / first)
            times = converse(server, turn)
            add("turns", times[-1] / times[1])
            add("second", times[1])
        with Llama(work, model, threads, "true", CONTEXT_SIZE) as llama:
            llama.evaluate(prompt=64, generate=1)
            seconds = llama.evaluate(prompt=READ, change=CHANGED, more=MORE)
            add("llama.cpp read", 1000 * seconds["first_s"])
            add("llama.cpp again", seconds["again_s"] / seconds["first_s"])
    return {what: statistics.median(values) for what, values in samples.items()}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench-conversation", description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, help="another file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    qaio = (options.build / "qaio").resolve()
    work = (options.build / "bench_peers").resolve()
    work.mkdir(parents=True, exist_ok=True)
    install_llama(work)
    if options.model is None:
        file = File(work, "qwen3.5-0.8b", "q4_0")
        file.synthesize(qaio, work)
        options.model = file.path
    found = measure(qaio, work, options.model, options.threads, options.rounds)
    print(f"| {options.model.name}, {options.threads} threads | qaio | llama.cpp |\n|---|---:|---:|")
    print(f"| {READ} tokens read, ms | {found['read']:.0f} | {found['llama.cpp read']:.0f} |")
    print(f"| the same with its last {CHANGED} changed and {MORE} more, times the first reading "
          f"| {found['again']:.3f} | {found['llama.cpp again']:.3f} |")
    print(f"| turn {TURNS} of a conversation, first token, times that of turn two ({found['second']:.0f} ms) "
          f"| {found['turns']:.2f} | |")


if __name__ == "__main__":
    main()
