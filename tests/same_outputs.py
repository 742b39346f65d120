"""Whether two builds say the same: same_outputs.py BEFORE AFTER.

Starts both programs on the demo model, one after the other, sends them the same requests and
compares what comes out: bodies, log lines, /requests, /stats, /report, the names in /metrics, what
a collector of OpenTelemetry gets, the archives. Times and ids are masked there, as no two runs share
them. Then both read the same archive, the one BEFORE wrote, where nothing needs a mask: every
export, report and comparison must be equal to the byte.

Prints what differs and ends with 1 if anything does. No test of the suite: it needs two programs.
"""

import argparse
import contextlib
import csv
import difflib
import http.client
import http.server
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import program

CHAT = "/chat"
COMPLETIONS = "/v1/completions"
CHAT_COMPLETIONS = "/v1/chat/completions"
USER = [{"role": "user", "content": "Tell me about the sea."}]
ENDLESS = {"prompt": "Once upon a time", "seed": 5, "max_tokens": 8000, "ignore_eos": True}
LATE = "deadline_exceeded"  # how far these come is the machine's mood

# Name, path, body. One at a time: nothing depends on what else is in the step.
REQUESTS = [
    ("chat", CHAT, {"input": "The food was great!", "seed": 1, "max_new_tokens": 12}),
    ("chat again, from the cache", CHAT,
     {"input": "The food was great!", "seed": 1, "max_new_tokens": 12}),
    ("chat with history", CHAT,
     {"input": "And you?", "history": [{"user": "Hello.", "assistant": "Hi!"}], "seed": 2,
      "max_new_tokens": 8, "temperature": 0.7, "top_p": 0.9}),
    ("chat, greedy, stop", CHAT,
     {"input": "Count.", "temperature": 0, "max_new_tokens": 8, "stop": ["e"]}),
    ("chat streamed", CHAT, {"input": "A story.", "stream": True, "seed": 3, "max_new_tokens": 9}),
    ("chat in Chinese", CHAT, {"input": "\u4f60\u597d\uff0c\u4e16\u754c", "seed": 4,
                               "max_new_tokens": 6}),
    ("one task", CHAT, {"input": "Not bad.", "tasks": ["sentiment"]}),
    ("no such task", CHAT, {"input": "Not bad.", "tasks": ["nothing"]}),
    ("unknown field", CHAT, {"message": "Not bad."}),
    ("too long", CHAT, {"input": "long " * 9000}),
    ("sentiment", "/v1/tasks/sentiment", {"input": "I hate this."}),
    ("chat task", "/v1/tasks/chat", {"input": "Hello.", "seed": 6, "max_new_tokens": 5}),
    ("unknown task", "/v1/tasks/nothing", {"input": "Hello."}),
    ("no input", "/v1/tasks/sentiment", {}),
    ("chat completion", CHAT_COMPLETIONS, {"messages": USER, "seed": 7, "max_tokens": 10}),
    ("chat completion, log probabilities", CHAT_COMPLETIONS,
     {"messages": USER, "seed": 8, "max_tokens": 4, "logprobs": True, "top_logprobs": 2}),
    ("chat completion, several", CHAT_COMPLETIONS,
     {"messages": USER, "seed": 9, "max_tokens": 5, "n": 2}),
    ("chat completion streamed", CHAT_COMPLETIONS,
     {"messages": USER, "seed": 10, "max_tokens": 6, "stream": True,
      "stream_options": {"include_usage": True}}),
    ("chat completion, bad", CHAT_COMPLETIONS, {"messages": "none"}),
    ("completion", COMPLETIONS, {"prompt": "Once upon a time", "seed": 11, "max_tokens": 7}),
    ("completion streamed", COMPLETIONS,
     {"prompt": "Once upon a time", "seed": 12, "max_tokens": 7, "stream": True}),
    ("no JSON", CHAT, "{"),
    ("no such path", "/nothing", {}),
    ("late", COMPLETIONS, {**ENDLESS, "timeout_ms": 300}),
    ("late, streamed", COMPLETIONS, {**ENDLESS, "timeout_ms": 300, "stream": True}),
    *[(f"sentiment {n}", "/v1/tasks/sentiment", {"input": f"I like number {n}."})
      for n in range(20)],  # comparing takes so many
    ("tokenize", "/tokenize", {"content": "The sea."}),
    ("detokenize", "/detokenize", {"tokens": [1, 2, 3]}),
]
LOOKS = ["/health", "/v1/models", "/v1/tasks", "/nothing", "/requests?limit=3&min_ms=0",
         "/requests?limit=x"]
EXPORTS = ["csv", "csv-tasks", "jsonl", "chrome"]
WIDTH = 300
SEED_MAX = 1_000_000  # beyond it the program drew it

# Values of these, wherever they stand, are times, ids or the machine's mood.
MASKED = re.compile(
    r".*(_ms|_us|_ns|_s|_per_second|_time|_seconds|_faults|_switches|_cores|_usage|_mib|UnixNano)|"
    r"(id|request_id|response_id|.*_id|.*Id|created|.*system_fingerprint|arrived|begin|end|ts|dur|"
    r"lane|cpu|rss|seconds|ttft.*|tpot|total|mean|p50|p95|p99|max|min|minor_faults|gap_counts|"
    r"resident_bytes|throughput|unattributed|isa|threads|value|good|bad|"
    r"error_budget_remaining|samples|verdict|version|"
    # Whether two tasks of a request meet in a step is a matter of microseconds.
    r"batch_.*|queued_ahead|.*_steps|steps|kv_blocks_.*|written|cached_tokens)")
TIMES = {"breakdown", "metrics", "throughput", "process", "request", "usage",
         "engine"}  # all in them
STAGES = {"http_read", "parse", "tasks", "serialize", "http_write", "prompt_build", "tokenize",
          "queue", "prefill", "decode", "score", "output_parse"}
# Attributes of OpenTelemetry whose values are such.
ATTRIBUTES = re.compile(r"qaio\.(request\.id|unattributed|process\..*|.*time.*)|gen_ai\.response\.id"
                        r"|server\.port|process\..*|service\.instance\.id|.*seconds.*|host\..*"
                        r"|qaio\.(batch\..*|queued_ahead|.*\.steps)|.*cache_read.*")


def masked_text(text):
    """A line of free text without its numbers and ids."""
    text = re.sub(r"\b[0-9a-f]{16,32}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME", text)
    return re.sub(r"-?\d+(\.\d+)?([eE][-+]\d+)?", "N", text)


def is_late(value):
    """Of a record, a task or a span."""
    return LATE in (value.get("error"), value.get("error_code")) or any(
        attribute["value"].get("stringValue") == LATE for attribute in value.get("attributes", []))


def masked(value, key="", late=False):
    """JSON with times and ids masked; whether there is one still shows."""
    if isinstance(value, dict):
        late = late or is_late(value)
        if set(value) == {"key", "value"} and ATTRIBUTES.fullmatch(value["key"]):
            return {"key": value["key"], "value": "MASKED"}
        return {name: masked(member, "total_ms" if key in TIMES else name, late)
                for name, member in value.items()}
    if isinstance(value, list):
        return [masked(member, key, late) for member in value]
    if value is None or isinstance(value, bool):
        return value
    if MASKED.fullmatch(key) or (key in STAGES and isinstance(value, (int, float))):
        return "MASKED"
    if key == "stages" and isinstance(value, int):
        return "MASKED"  # of a lane: [name, begin, end]
    drawn = key == "intValue" and abs(int(value)) > SEED_MAX
    if drawn or (late and key in ("intValue", "completion_tokens", "output_text", "stringValue")):
        return "MASKED"
    return value


def masked_series(value):
    """The shape of a report: its names and types. What it finds depends on the times."""
    if isinstance(value, dict):
        return {name: masked_series(member) for name, member in value.items()}
    if isinstance(value, list):
        return [masked_series(value[0])] if value else []
    return type(value).__name__ if isinstance(value, (int, float)) else value


def lines_of(value):
    return json.dumps(value, ensure_ascii=False, indent=1).split("\n")


def masked_body(text):
    """The lines of a body, be it JSON, a stream of events or text."""
    try:
        return lines_of(masked(json.loads(text)))
    except ValueError:
        pass
    lines = []
    for line in text.split("\n"):
        prefix = "data: " if line.startswith("data: ") else ""
        try:
            lines.append(prefix + json.dumps(masked(json.loads(line[len(prefix):])),
                                             ensure_ascii=False))
        except ValueError:
            lines.append(masked_text(line))
    return lines


def masked_csv(text):
    """Lines of CSV with the columns masked whose names say so."""
    rows = list(csv.reader(text.split("\n")))
    names = rows[0] if rows else []
    lines = [",".join(names)]
    for row in rows[1:]:
        cells = []
        for name, cell in zip(names, row):
            if name == "tasks":
                cells.append(json.dumps(masked(json.loads(cell)), ensure_ascii=False))
            else:
                cells.append(str(masked(cell, name, LATE in row)) if cell else "")
        lines.append(" | ".join(cells))
    return lines


class Collector:
    """Takes what an exporter of OpenTelemetry sends."""

    def __enter__(self):
        bodies = self.bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bodies.append((self.path, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def spans(self):
        return [masked(span) for path, body in self.bodies if path == "/v1/traces"
                for resource in body["resourceSpans"] for scope in resource["scopeSpans"]
                for span in scope["spans"]]

    def metric_names(self):
        """Each with the attributes that its points have."""
        names = set()
        for path, body in self.bodies:
            for resource in body.get("resourceMetrics", []):
                for scope in resource["scopeMetrics"]:
                    for metric in scope["metrics"]:
                        for kind in ("sum", "gauge", "histogram", "exponentialHistogram"):
                            for point in metric.get(kind, {}).get("dataPoints", []):
                                keys = [a["key"] + "=" + str(list(a["value"].values())[0])
                                        for a in point.get("attributes", [])
                                        if not ATTRIBUTES.fullmatch(a["key"])]
                                names.add(f'{metric["name"]} {metric.get("unit")} {kind} {keys}')
        return sorted(names)


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    connection.request(method, path, text, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read().decode(errors="backslashreplace")
    headers = sorted(name for name, _ in response.getheaders())
    timing = re.sub(r"dur=[\d.]+", "dur=N", response.headers.get("Server-Timing", ""))
    connection.close()
    return response.status, headers, timing, answer


def metric_names(text):
    names = set()
    for line in text.split("\n"):
        names.add(line if line.startswith("#") else re.sub(r" [^ ]+$", "", line))
    # Which of a task's time ranges were met depends on the times.
    return sorted(name for name in names if "_bucket" not in name or 'le="+Inf"' in name)


def serve(binary, folder):
    """Everything a server says, by the name of what was asked."""
    said = {}
    options = ["--archive", folder / "a.sqlite", "--archive-csv", folder / "csv", "--record-text"]
    with Collector() as collector:
        with program.Server(*options, "--otlp-endpoint", collector.url, program=binary) as server:
            for name, path, body in REQUESTS:
                status, headers, timing, answer = call(server.port, "POST", path, body)
                time.sleep(0.02)  # so that its record comes before that of the next
                if name == "late, streamed":
                    answer = "\n\n".join(answer.split("\n\n")[-2:])
                said["POST " + name] = [f"{status} {headers}", timing, *masked_body(answer)]
            for path in LOOKS:
                status, headers, _, answer = call(server.port, "GET", path)
                lines = masked_body(answer)
                said["GET " + path] = [f"{status} {headers}", *lines]
            for path in ("/requests", "/stats"):
                said["GET " + path] = masked_body(call(server.port, "GET", path)[3])
            report = json.loads(call(server.port, "GET", "/report?format=json")[3])
            report = {name: [] if name in ("findings", "slowest") else value
                      for name, value in report.items()}
            said["GET /report?format=json"] = lines_of(masked_series(masked(report)))
            time.sleep(0.3)  # the observer takes records every 50 ms
            said["names in /metrics"] = metric_names(call(server.port, "GET", "/metrics")[3])
            server.stop()
            said["log"] = [masked_text(re.sub(r"\d+ of \d+", "N of N", line.rstrip()))
                           for line in server.lines if "[PERF]" in line]
        said["spans"] = lines_of(collector.spans())
        said["names of OpenTelemetry metrics"] = collector.metric_names()
    with contextlib.closing(sqlite3.connect(folder / "a.sqlite")) as archive:
        said["schema of the archive"] = [
            line for row in archive.execute("SELECT sql FROM sqlite_schema") for line in
            str(row[0]).split("\n")]
    for number, path in enumerate(sorted((folder / "csv").iterdir())):
        said[f"CSV archive {number}"] = masked_csv(path.read_text())
    return said


def output_of(binary, scratch, *arguments):
    result = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True,
                            timeout=120)
    text = re.sub(re.escape(str(scratch.parent)) + "/(before|after)", "FOLDER",
                  result.stdout + result.stderr)
    return [f"exit code {result.returncode}", *text.split("\n")]


def read(binary, archive, scratch):
    """What a program makes of an archive, to the byte."""
    said = {f"export {form}": output_of(binary, scratch, "export", archive, "--format", form)
            for form in EXPORTS}
    lines = scratch / "records.jsonl"
    lines.write_text("\n".join(said["export jsonl"][1:]))
    for source in (archive, lines):
        for form in ([], ["--json"], ["--markdown"]):
            said[f"report {source.suffix} {form}"] = output_of(binary, scratch, "report", source, *form)
        said[f"compare {source.suffix}"] = output_of(binary, scratch, "compare", source, source, "--json")
    return said


def compare(before, after):
    """The number of differences, which are printed."""
    differences = 0
    for name in [*before, *(name for name in after if name not in before)]:
        a, b = before.get(name, ["(absent)"]), after.get(name, ["(absent)"])
        if a == b:
            continue
        differences += 1
        print(f"\n== {name}")
        for line in difflib.unified_diff(a, b, "before", "after", lineterm="", n=2):
            print(line if len(line) < WIDTH else first_difference(line, a, b))
    return differences


def first_difference(line, a, b):
    """A long line around where the two first differ."""
    pair = next(((x, y) for x, y in zip(a, b) if x != y), ("", ""))
    at = next((i for i, (x, y) in enumerate(zip(*pair)) if x != y), 0)
    return f"{line[0]}... {line[max(0, at - 100):at + 200]} ..."


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("before", type=pathlib.Path, help="a qaio to compare with")
    parser.add_argument("after", type=pathlib.Path, help="the qaio that should say the same")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qaio-same-") as name:
        folders = [pathlib.Path(name) / "before", pathlib.Path(name) / "after"]
        said = []
        for folder, binary in zip(folders, (options.before, options.after)):
            folder.mkdir()
            said.append(serve(binary.resolve(), folder))
        differences = compare(*said)
        archive = folders[0] / "a.sqlite"
        differences += compare(*(read(binary.resolve(), archive, folder) for folder, binary in
                                 zip(folders, (options.before, options.after))))
        compared = len(said[0])
    print(f"{differences} of {compared} outputs and what is read from the archive differ"
          if differences else f"no differences in {compared} outputs and what is read back")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
