"""`./dev soak`: its verdicts find what they are for in series made up for it, and a run of some seconds of the real
server passes all that does not judge times."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

from program import QAIO, ROOT

SOAK = ROOT / "tools/soak"
sys.path.insert(0, str(SOAK))
import verdict  # noqa: E402
from verdict import FAIL, PASS, UNCLEAR, Sent  # noqa: E402

SAMPLES, INTERVAL_S, PER_S = 240, 15.0, 100.0
JUDGES_TIMES = {"memory growth", "refused for want of room", "p50 drift", "p95 drift", "p99 drift", "CPU time drift"}


def samples(kib_a_second=0.0, waves_kib=300.0, others=(0.0, 0.0), seed=1):
    """An hour of a server whose memory goes up and down, fills its rings in the first minutes, and may leak."""
    rng = random.Random(seed)
    wave, made = 0.0, []
    for i in range(SAMPLES):
        t = i * INTERVAL_S
        wave = 0.8 * wave + rng.gauss(0, waves_kib)
        filling = 4096 * min(t / 600, 1)
        made.append({"t_s": t, "resident_kib": int(60_000 + filling + wave + kib_a_second * t),
                     "kv_blocks": {"used": rng.randrange(9), "pinned": 1, "cached": 3, "free": 0},
                     "server_cpu_s": 0.8 * INTERVAL_S, "other_cores": others[i >= SAMPLES // 2]})
    for sample in made:
        blocks = sample["kv_blocks"]
        blocks["free"] = 256 - blocks["used"] - 4
    return made


def requests(slower=1.0, seed=1):
    """(t_s, ms) of requests whose times rise to `slower` times what they were, little by little."""
    rng = random.Random(seed)
    count = int(SAMPLES * INTERVAL_S * 20)
    return [(t, rng.lognormvariate(3, 0.5) * (1 + (slower - 1) * i / count))
            for i in range(count) for t in [i / 20]]


class Memory(unittest.TestCase):
    def test_waves_and_rings_that_fill_are_no_leak(self):
        for seed in range(20):
            check = verdict.memory_growth(samples(seed=seed), PER_S)
            self.assertEqual(check.verdict, PASS, check.text)

    def test_a_leak_is_found(self):
        for bytes_a_request in (20, 100, 1000):
            check = verdict.memory_growth(samples(bytes_a_request * PER_S / 1024), PER_S)
            self.assertEqual(check.verdict, FAIL, check.text)
            self.assertRegex(check.text, r"bytes a request \(95 %: ")

    def test_an_interval_holds_the_truth_as_often_as_it_says(self):
        held = 0
        for seed in range(200):
            half = samples(0.5, seed=seed)[SAMPLES // 2:]
            _, low, high = verdict.slope([s["t_s"] for s in half], [s["resident_kib"] for s in half])
            held += low <= 0.5 <= high
        self.assertGreaterEqual(held, 170)

    def test_too_few_samples_say_nothing(self):
        self.assertEqual(verdict.memory_growth(samples()[:12], PER_S).verdict, UNCLEAR)

    def test_at_rest(self):
        self.assertEqual(verdict.memory_at_rest(60_000, 70_000).verdict, PASS)
        self.assertEqual(verdict.memory_at_rest(60_000, 80_000).verdict, FAIL)
        self.assertEqual(verdict.same_files(["a", "socket"], ["socket", "a"]).verdict, PASS)
        more = verdict.same_files(["a", "socket"], ["a", "socket", "socket"])
        self.assertEqual((more.verdict, more.text), (FAIL, "2 after warm-up, 3 at the end; more: socket"))
        self.assertEqual(verdict.same_as_before("threads", 13, 13).verdict, PASS)

    def test_a_block_that_is_nowhere(self):
        good = samples()
        self.assertEqual(verdict.kv_accounts(good).verdict, PASS)
        good[100]["kv_blocks"]["free"] -= 1
        self.assertEqual(verdict.kv_accounts(good).verdict, FAIL)


class Drift(unittest.TestCase):
    def check(self, slower, **options):
        points = verdict.intervals(samples(**options), requests(slower))
        self.assertGreater(len(points), SAMPLES - 5)
        return verdict.drift("p95 drift", points, "p95_ms", "ms")

    def test_the_same_times_are_no_drift(self):
        self.assertEqual(self.check(1.0).verdict, PASS)
        self.assertEqual(self.check(1.05).verdict, PASS, "within what is allowed")

    def test_a_drift_is_found(self):
        self.assertEqual(self.check(1.4).verdict, FAIL)

    def test_a_machine_that_became_busy_is_not_the_servers_fault(self):
        check = self.check(1.4, others=(0.0, 0.5))
        self.assertEqual(check.verdict, UNCLEAR)
        self.assertIn("other programs", check.text)


class Accounts(unittest.TestCase):
    def setUp(self):
        self.sent = {f"a{i}": Sent("chat", "answered", 200) for i in range(100)}
        self.sent["bad"] = Sent("no JSON", "answered", 400)
        self.sent["gone"] = Sent("chat, left soon", "left", 0)
        self.records = [(i, one.status or 499) for i, one in self.sent.items()]

    def failing(self, unexpected=(), faults=()):
        checks = verdict.accounts(self.sent, self.records, list(unexpected), list(faults))
        return [check.name for check in checks if check.verdict == FAIL]

    def test_all_is_well(self):
        self.assertEqual(self.failing(), [])
        self.records[-1] = ("gone", 200)  # it was done before its client left
        self.assertEqual(self.failing(), [])

    def test_another_archive_has_the_same(self):
        ids = list(self.sent)
        for wrong, text in ((ids, "102 ids, 0 missing, 0 twice, 0 of no request"),
                            (ids[1:], "101 ids, 1 missing, 0 twice, 0 of no request"),
                            ([*ids, ids[0]], "102 ids, 0 missing, 1 twice, 0 of no request"),
                            ([*ids, "nobody's"], "103 ids, 0 missing, 0 twice, 1 of no request")):
            check = verdict.same_ids("archive", self.sent, wrong)
            self.assertEqual((check.verdict, check.text), (PASS if wrong == ids else FAIL, text))

    def test_each_fault_is_found(self):
        self.sent["a5"] = Sent("chat", "lost", 0)
        self.assertEqual(self.failing(), ["without an answer"])
        self.setUp()
        del self.records[7]
        self.assertEqual(self.failing(), ["without a record"])
        self.setUp()
        self.records.append(self.records[7])
        self.assertEqual(self.failing(), ["recorded twice"])
        self.setUp()
        self.records.append(("nobody's", 200))
        self.assertEqual(self.failing(), ["records of no request"])
        self.setUp()
        self.records[7] = ("a7", 500)
        self.assertEqual(self.failing(), ["recorded otherwise than answered"])
        self.setUp()
        self.records[-1] = ("gone", 500)
        self.assertEqual(self.failing(), ["recorded otherwise than answered"])
        self.assertEqual(self.failing(unexpected=["a3: 500"], faults=["a4: no JSON"])[1:],
                         ["with another status than expected", "with a wrong answer"])


class Whole(unittest.TestCase):
    def test_some_seconds_of_everything(self):
        with tempfile.TemporaryDirectory(prefix="qaio-soak-") as name:
            folder = pathlib.Path(name)
            soak = subprocess.run([sys.executable, str(SOAK / "soak.py"), "0.1", "--out", name, "--program", QAIO,
                                   "--load", "0.4"], capture_output=True, text=True, timeout=600)
            self.assertIn(soak.returncode, (0, 1), soak.stderr)
            result = json.loads((folder / "soak.json").read_text())
            wrong = [check for check in result["checks"]
                     if check["verdict"] == FAIL and check["name"] not in JUDGES_TIMES]
            self.assertEqual(wrong, [], (soak.stdout, result["wrong"]))
            self.assertGreater(result["requests"], 0)
            self.assertEqual(soak.returncode, int(any(c["verdict"] == FAIL for c in result["checks"])))
            self.assertLessEqual({"without a record", "threads", "descriptors", "memory at rest", "exit code"},
                                 {check["name"] for check in result["checks"]})
            xml.etree.ElementTree.parse(folder / "soak.svg")

    def test_a_server_that_ends_is_told(self):
        with tempfile.TemporaryDirectory(prefix="qaio-soak-") as name:
            log = pathlib.Path(name) / "server.log"
            soak = subprocess.Popen([sys.executable, str(SOAK / "soak.py"), "5", "--out", name, "--program", QAIO],
                                    stderr=subprocess.PIPE, text=True)
            while soak.poll() is None and not (log.exists() and "status=200" in log.read_text(errors="replace")):
                time.sleep(0.05)
            children = pathlib.Path(f"/proc/{soak.pid}/task/{soak.pid}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            self.assertIn("the server ended by itself with code -9", soak.communicate(timeout=300)[1])
            self.assertEqual(soak.returncode, 1)

    def test_a_server_that_does_not_start_is_told(self):
        soak = subprocess.run([sys.executable, str(SOAK / "soak.py"), "0.1", "--program", QAIO, "--model", "/none"],
                              capture_output=True, text=True, timeout=60)
        self.assertNotIn(soak.returncode, (0,))
        self.assertIn("did not become ready", soak.stderr)


if __name__ == "__main__":
    unittest.main()
