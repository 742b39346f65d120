"""Runs fuzz targets and says what they did: see `./dev fuzz --help` and docs/fuzzing.md."""

import argparse
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SEEDS = ROOT / "tests" / "fuzz"
# No input of a few kilobytes may take longer or more memory.
TIMEOUT_SECONDS = 10
MEMORY_MIB = 2048


def arguments():
    parser = argparse.ArgumentParser(
        prog="./dev fuzz", description="Fuzz parsers of untrusted bytes with libFuzzer, "
        "AddressSanitizer and UndefinedBehaviorSanitizer. Each target starts from its inputs in "
        "tests/fuzz and from what earlier runs found, which build/fuzz/corpus keeps.",
        epilog="Exit code 1: an input was found; its path is printed. Targets: " +
        ", ".join(sorted(target_names())))
    parser.add_argument("words", nargs="*", metavar="TARGET | SECONDS",
                        help="which targets (default: all) and how long each (default: 60)")
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build" / "fuzz",
                        help=argparse.SUPPRESS)
    parser.add_argument("--totals", action="store_true",
                        help="run nothing; show what all runs in this folder came to")
    parser.add_argument("--minimize", action="store_true",
                        help="run nothing; drop kept inputs that others make superfluous")
    parser.add_argument("--print-targets", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.seconds = 60
    options.targets = []
    for word in options.words:
        name = word if word.endswith("_fuzz") else word + "_fuzz"
        if word.isdigit() and int(word) > 0:
            options.seconds = int(word)
        elif name in target_names():
            options.targets.append(name)
        else:
            parser.error(f"no target '{word}'; see --help for their names")
    options.targets = options.targets or sorted(target_names())
    return options


def target_names():
    return {path.stem for path in (ROOT / "src").rglob("*_fuzz.cpp")}


class Target:
    def __init__(self, name, build):
        self.name = name
        self.program = build / name
        self.corpus = build / "corpus" / name
        self.found = build / "found"
        self.totals_file = build / "totals" / f"{name}.json"
        self.dictionary = SEEDS / f"{name}.dict"
        for folder in (self.corpus, self.found, self.totals_file.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def command(self, *options):
        limits = [f"-timeout={TIMEOUT_SECONDS}", f"-rss_limit_mb={MEMORY_MIB}",
                  f"-artifact_prefix={self.found}/{self.name}-"]
        if self.dictionary.exists():
            limits.append(f"-dict={self.dictionary}")
        return [self.program, *limits, *options]

    def run(self, seconds):
        """The figures of the run, and the path of the input that ended it, if one did."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = self.command(f"-max_total_time={seconds}", "-print_final_stats=1",
                               self.corpus, SEEDS / self.name)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   text=True, errors="replace", env=environment())
        said = []  # the end of it: the report of what was found
        figures = {"executions": 0, "edges": 0, "features": 0}
        for line in process.stderr:
            said = said[-200:] + [line]
            status = re.match(r"#(\d+)\s.*cov: (\d+) ft: (\d+)", line)
            if status:
                figures.update(zip(figures, map(int, status.groups())))
            final = re.match(r"stat::number_of_executed_units:\s*(\d+)", line)
            if final:
                figures["executions"] = int(final[1])
        process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures["cpu_seconds"] = after.ru_utime - before.ru_utime
        found = None
        if process.returncode != 0:
            text = "".join(said)
            written = re.search(r"Test unit written to (\S+)", text)
            found = written[1] if written else "no input was kept"
            print(text, file=sys.stderr)
        self.add_to_totals(figures, found)
        return figures, found

    def totals(self):
        if self.totals_file.exists():
            return json.loads(self.totals_file.read_text())
        return {"executions": 0, "cpu_seconds": 0.0, "edges": 0, "features": 0, "found": []}

    def add_to_totals(self, figures, found):
        totals = self.totals()
        totals["executions"] += figures["executions"]
        totals["cpu_seconds"] += figures["cpu_seconds"]
        totals["edges"] = max(totals["edges"], figures["edges"])
        totals["features"] = max(totals["features"], figures["features"])
        totals["found"] += [found] if found else []
        self.totals_file.write_text(json.dumps(totals))

    def minimize(self):
        smaller = self.corpus.with_name(self.name + ".new")
        smaller.mkdir(exist_ok=True)
        done = subprocess.run(self.command("-merge=1", smaller, self.corpus, SEEDS / self.name),
                              capture_output=True, env=environment())
        if done.returncode != 0:
            return
        for path in self.corpus.iterdir():
            path.unlink()
        for path in smaller.iterdir():
            path.rename(self.corpus / path.name)
        smaller.rmdir()


def environment():
    return os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}


def print_table(rows):
    head = ["target", "executions", "per second", "CPU minutes", "edges", "features", "found"]
    lines = [head] + [[name, f"{figures['executions']:,}",
                       f"{figures['executions'] / max(figures['cpu_seconds'], 0.01):,.0f}",
                       f"{figures['cpu_seconds'] / 60:.1f}", f"{figures['edges']:,}",
                       f"{figures['features']:,}", str(found)] for name, figures, found in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) if i in (0, 6) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def main():
    options = arguments()
    if options.print_targets:
        print(*options.targets)
        return 0
    targets = [Target(name, options.build_dir) for name in options.targets]
    if options.totals:
        rows = [(target.name, target.totals(), len(target.totals()["found"]) or "nothing")
                for target in targets]
        print_table(rows)
        return 0
    if options.minimize:
        for target in targets:
            target.minimize()
        return 0
    rows = []
    for number, target in enumerate(targets, 1):
        print(f"{target.name} for {options.seconds} s ({number} of {len(targets)}, until "
              f"{time.strftime('%H:%M:%S', time.localtime(time.time() + options.seconds))})",
              file=sys.stderr)
        figures, found = target.run(options.seconds)
        rows.append((target.name, figures, found or "nothing"))
    print_table(rows)
    return 1 if any(found != "nothing" for _, _, found in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
