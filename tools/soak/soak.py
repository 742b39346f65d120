"""./dev soak: does a server come out of hours of mixed traffic as it went in?

Starts `qaio serve`, finds what it can do, asks for 80 % of that at random moments whether it keeps up or not, and
compares memory, descriptors, threads, KV blocks and latencies before and after. At the end each request must
have had one answer, and have one record in the archive that says the same. Exit code 1: something is not so.
"""

import argparse
import asyncio
import contextlib
import csv
import dataclasses
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from http_client import Client, NoAnswer
from plot import soak_svg
from traffic import Kind, Traffic, get
import verdict
import watch

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTSTANDING_MAX = 2000
WARM_UPS_MAX = 4
CALIBRATION_CLIENTS = 16
REST_MAX_S = 120
METRICS = Kind("metrics", 0, get("/metrics"), scope="metrics", heavy=False)
LIVE_EVENTS = Kind("live events", 0, get("/live/events"), scope="read", leave=(0.5, 20.0), heavy=False)


def create_keys(program, file):
    """Keys by scope, in a new file; none from a program that has no keys."""
    if "--api-key-file" not in subprocess.run([program, "serve", "--help"], capture_output=True, text=True).stdout:
        return {}
    return {scope: subprocess.run([program, "keys", "create", "--name", f"soak-{scope}", "--scope", scope,
                                   "--api-key-file", file], check=True, capture_output=True, text=True).stdout.strip()
            for scope in ("run", "read", "metrics")}


class Server:
    """`qaio serve` with keys and archives; its log goes to a file."""

    def __init__(self, program, folder, options):
        self.folder = folder
        self.archive = folder / "archive.db"
        self.keys = create_keys(program, folder / "keys.toml")
        self.log = folder / "server.log"
        self._out = open(self.log, "w")
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--archive", self.archive, "--archive-csv", folder / "csv",
             "--archive-csv-records", "10000", "--archive-mib", "65536",
             *(["--api-key-file", folder / "keys.toml"] if self.keys else []), *options],
            stdout=self._out, stderr=subprocess.STDOUT)
        self.port = None

    def wait_until_ready(self, seconds=300):
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.lives():
            text = self.log.read_text()
            found = re.search(r"listening on http://\S+:(\d+)", text)
            if found and re.search(r"\bready\b", text):
                self.port = int(found[1])
                return
            time.sleep(0.05)
        self.stop()
        raise SystemExit(f"soak: the server did not become ready:\n{self.log.read_text()}")

    def lives(self):
        return self.process.poll() is None

    def reload_keys(self):
        if self.keys:
            self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Its exit code."""
        if self.lives():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._out.close()
        return self.process.returncode

    def complaints(self):
        """Lines of its log that are warnings or errors."""
        return [line for line in self.log.read_text(errors="replace").splitlines()
                if re.search(r"\[(warning|error|critical)\]", line)]


class ServerEnded(Exception):
    """By itself, in the midst of it."""


class Soak:
    """Requests, what became of them, and samples in between."""

    def __init__(self, server, traffic):
        self.server, self.traffic = server, traffic
        self.client = Client(server.port)
        self.sent, self.latencies = {}, []
        self.unexpected, self.faults = [], []
        self.samples = []
        self.outstanding, self.skipped, self.refused, self.lag_max_s = 0, 0, 0, 0.0
        self.watch = None
        self.begin = time.monotonic()

    async def one(self, kind=None):
        """A request of this kind, or of any; its answer, if there was one."""
        request_id, kind, request, leave, same = self.traffic.make(kind) if kind else self.traffic.draw()
        head = []
        begin = time.monotonic()
        self.outstanding += 1
        answer = None
        try:
            answer = await self.client.ask(request, head.append, leave)
            outcome = "answered" if answer else "left"
        except (NoAnswer, OSError) as error:
            outcome = "lost"
            self.faults.append(f"{request_id} ({kind.name}): {error}")
        finally:
            self.outstanding -= 1
        end = time.monotonic()
        status = head[0].status if head else 0
        if head:
            told = head[0].headers.get("x-request-id", "")
            if kind.raw:
                request_id = told  # the server's own: it understood nothing of the request
            elif told != request_id:
                self.faults.append(f"{request_id} ({kind.name}): answered as '{told}'")
        self.sent[request_id] = verdict.Sent(kind.name, outcome, status)
        self.refused += status in (429, 503)
        if status not in (0, 429, 503, *kind.statuses):
            self.unexpected.append(f"{request_id} ({kind.name}): {status}")
        if answer:
            fault = self.traffic.fault(kind, answer, same)
            if fault:
                self.faults.append(f"{request_id} ({kind.name}): {fault}")
            if kind.heavy and status == 200:
                self.latencies.append((end - self.begin, (end - begin) * 1e3))
        return answer

    async def closed_loop(self, clients, seconds):
        """So many clients that ask again at once; requests per second in the second half."""
        done = []

        async def ask_again(until):
            while time.monotonic() < until and self.server.lives():
                await self.one()
                done.append(time.monotonic())
        begin = time.monotonic()
        await asyncio.gather(*(ask_again(begin + seconds) for _ in range(clients)))
        if not self.server.lives():
            raise ServerEnded
        middle = begin + seconds / 2
        return sum(t >= middle for t in done) / (done[-1] - middle)

    async def open_loop(self, per_s, seconds, interval_s=None):
        """Requests at random moments, so many per second on average, however the server keeps up."""
        rng, running = random.Random(2), set()
        loop_begin = due = time.monotonic()
        helpers = [asyncio.create_task(self._listen(loop_begin + seconds)) for _ in range(2)]
        if interval_s:
            helpers.append(asyncio.create_task(self._sample_each(interval_s, loop_begin + seconds)))
        while due < loop_begin + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.lag_max_s = max(self.lag_max_s, time.monotonic() - due)
            if self.outstanding < OUTSTANDING_MAX:
                task = asyncio.create_task(self.one())
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                self.skipped += 1
            due += rng.expovariate(per_s)
            if not self.server.lives():
                break
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        if running:
            await asyncio.wait(running, timeout=REST_MAX_S)

    async def _listen(self, until):
        """Follows the live view, and comes back from time to time; little longer than until then."""
        shortest_s, longest_s = LIVE_EVENTS.leave
        while (left_s := until - time.monotonic()) > 0:
            leave = (shortest_s, max(shortest_s, min(longest_s, left_s)))
            await asyncio.shield(asyncio.create_task(self.one(dataclasses.replace(LIVE_EVENTS, leave=leave))))

    async def _sample_each(self, interval_s, until):
        due = time.monotonic()
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            metrics = await self.scrape()
            if metrics:
                self.samples.append(self.watch.sample(metrics))
            if len(self.samples) % 10 == 0:
                self.server.reload_keys()
            due += interval_s

    async def scrape(self):
        """None: it was refused."""
        answer = await self.one(METRICS)
        return watch.Metrics(answer.body.decode()) if answer and answer.status == 200 else None

    async def rest(self, files=None):
        """A sample of the server when it has nothing to do, or would have by now. With `files`, what was open
        before: a report whose reader left may still read the archive, which no metric tells."""
        self.client.close()
        pid = self.server.process.pid
        metrics = None
        until = time.monotonic() + REST_MAX_S
        while time.monotonic() < until or metrics is None:
            await asyncio.sleep(1)
            if not self.server.lives():
                raise ServerEnded
            metrics = await self.scrape()
            if not (metrics and metrics.idle() and metrics["qaio_http_connections"] == 1 and self.outstanding == 0):
                continue
            if files is None or verdict.same_files(files, watch.open_files(pid)).verdict == verdict.PASS:
                break
        return {**watch.Watch(pid, time.monotonic).sample(metrics), "files": watch.open_files(pid)}


async def run(soak, seconds, share):
    """The phases in turn; what they found."""
    calibration_s = min(20.0, max(2.0, seconds / 20))
    warm_up_s = min(300.0, max(3.0, seconds / 10))
    interval_s = min(15.0, max(0.5, seconds / 120))
    for kind in soak.traffic.kinds:  # whatever is opened the first time stays open
        await soak.one(kind)
    await soak.closed_loop(CALIBRATION_CLIENTS, 1)
    most_per_s = await soak.closed_loop(CALIBRATION_CLIENTS, calibration_s)
    per_s = most_per_s * share
    say(f"{most_per_s:.0f} requests a second at most; {per_s:.0f} from now on")
    for _ in range(WARM_UPS_MAX):
        count, refused = len(soak.sent), soak.refused
        await soak.open_loop(per_s, warm_up_s)
        before = await soak.rest()
        if soak.refused - refused <= verdict.REFUSED_MAX * (len(soak.sent) - count):
            break
        per_s *= share  # the machine was less busy when it was measured
        say(f"too much now: {per_s:.0f} from now on")
    say(f"warm; {seconds / 60:g} minutes begin")
    soak.begin, soak.latencies = time.monotonic(), []
    soak.watch = watch.Watch(soak.server.process.pid, time.monotonic)
    count = len(soak.sent)
    await soak.open_loop(per_s, seconds, interval_s)
    count = len(soak.sent) - count
    after = await soak.rest(before["files"])
    soak.client.close()
    return {"most_per_s": most_per_s, "per_s": per_s, "requests": count, "before": before, "after": after}


def judge(soak, found, exit_code):
    """Every check, and the intervals that the last ones are of."""
    before, after = found["before"], found["after"]
    checks = [verdict.Check("exit code", verdict.PASS if exit_code == 0 else verdict.FAIL, str(exit_code))]
    complaints = soak.server.complaints()
    checks.append(verdict.Check("complaints in the log", verdict.FAIL if complaints else verdict.PASS,
                                f"{len(complaints)}" + (f": {complaints[0]}" if complaints else "")))
    checks.append(verdict.memory_at_rest(before["resident_kib"], after["resident_kib"]))
    checks.append(verdict.memory_growth(soak.samples, found["per_s"]))
    checks.append(verdict.same_files(before["files"], after["files"]))
    checks.append(verdict.same_as_before("threads", before["threads"], after["threads"]))
    for state in ("used", "pinned"):
        checks.append(verdict.same_as_before(f"KV blocks {state}", before["kv_blocks"][state],
                                             after["kv_blocks"][state]))
    checks.append(verdict.kv_accounts([before, *soak.samples, after]))
    with contextlib.closing(sqlite3.connect(f"file:{soak.server.archive}?mode=ro", uri=True)) as archive:
        records = archive.execute("SELECT request_id, status FROM requests")
        checks += verdict.accounts(soak.sent, records, soak.unexpected, soak.faults)
    checks.append(verdict.same_ids("in the CSV archive", soak.sent, csv_ids(soak.server.folder / "csv")))
    points = verdict.intervals(soak.samples, soak.latencies)
    if soak.skipped:
        checks.append(verdict.Check("requests not sent", verdict.UNCLEAR, f"{soak.skipped}: {OUTSTANDING_MAX} waited"))
    if points:
        for share in (50, 95, 99):
            checks.append(verdict.drift(f"p{share} drift", points, f"p{share}_ms", "ms"))
        checks.append(verdict.drift("CPU time drift", points, "cpu_ms", "ms a request"))
    return checks, points


def csv_ids(folder):
    for path in sorted(folder.glob("*.csv")):
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                yield row["request_id"]


def say(text):
    print(f"soak: {text}", file=sys.stderr, flush=True)


def parse():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__.split("\n\n")[1])
    parser.add_argument("minutes", type=float)
    parser.add_argument("--out", type=pathlib.Path, help="folder for soak.json, soak.svg, the log and the archive")
    parser.add_argument("--program", default=str(ROOT / "build/release/qaio"))
    parser.add_argument("--model", help="default: the demo model")
    parser.add_argument("--load", type=float, default=0.8, help="share of what the server can do (0.8)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    options = parse()
    with contextlib.ExitStack() as stack:
        folder = options.out or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qaio-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "archive.db").exists():
            raise SystemExit(f"soak: {folder} holds an earlier soak; name another folder")
        server = Server(options.program, folder, ["--model", options.model] if options.model else [])
        stack.callback(server.stop)
        server.wait_until_ready()
        soak = Soak(server, Traffic(options.seed, server.keys))
        try:
            found = asyncio.run(run(soak, options.minutes * 60, options.load))
        except ServerEnded:
            last = "\n".join(server.log.read_text(errors="replace").splitlines()[-5:])
            say(f"the server ended by itself with code {server.stop()}, after {len(soak.sent)} requests:\n{last}")
            return 1
        checks, points = judge(soak, found, server.stop())
        version = subprocess.run([options.program, "--version"], capture_output=True, text=True).stdout.strip()
        result = {"program": version, "cores": os.cpu_count(), "keys": bool(server.keys), "minutes": options.minutes, "load": options.load,
                  **found, "client_lag_max_s": soak.lag_max_s, "checks": [vars(check) for check in checks],
                  "samples": soak.samples, "intervals": points,
                  "wrong": {"unexpected": soak.unexpected[:100], "faults": soak.faults[:100]}}
        (folder / "soak.json").write_text(json.dumps(result, indent=1) + "\n")
        title = f"{options.minutes:g} minutes at {found['per_s']:.0f} requests a second"
        (folder / "soak.svg").write_text(soak_svg(title, soak.samples, points))
        print(f"{title}, {found['requests']} in all")
        print(verdict.table(checks))
        return 1 if verdict.failed(checks) else 0


if __name__ == "__main__":
    sys.exit(main())
