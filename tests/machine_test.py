"""machine.py on machines that are recorded, and on this one with every processor busy."""

import multiprocessing
import os
import pathlib
import subprocess
import sys
import unittest

import machine

EVEN = [0.004 + 0.0001 * (i % 5) for i in range(200)]


def spin():
    while True:
        pass


class Machine(unittest.TestCase):
    def test_a_quiet_machine_is_fit(self):
        self.assertEqual(machine.complaints(0.02, [EVEN, EVEN]), [])

    def test_others_at_work(self):
        self.assertIn("others use 60%", machine.complaints(0.6, [EVEN, EVEN])[0])

    def test_work_that_is_interrupted(self):
        interrupted = [seconds + 0.004 * (i % 10 == 0) for i, seconds in enumerate(EVEN)]
        self.assertRegex(machine.complaints(0, [EVEN, interrupted])[0],
                         "on processor 1 of 2 a fixed work takes 1.88 times")

    def test_processors_that_are_not_equal(self):
        self.assertIn("the slowest processor takes 2.00 times",
                      machine.complaints(0, [EVEN, [2 * seconds for seconds in EVEN]])[0])

    def test_says_so(self):
        busy = [multiprocessing.Process(target=spin, daemon=True)
                for _ in os.sched_getaffinity(0)]
        for process in busy:
            process.start()
        try:
            result = subprocess.run([sys.executable, pathlib.Path(machine.__file__)],
                                    capture_output=True, text=True, timeout=50)
        finally:
            for process in busy:
                process.kill()
                process.join()
        self.assertEqual((result.returncode, result.stdout), (machine.UNFIT, ""), result.stderr)
        self.assertRegex(result.stderr, r"not fit to judge times: others use \d+% of the processors")


if __name__ == "__main__":
    unittest.main()
