"""Every test that is written is also run: each TEST in a *_test.cpp and each *_test.* script is
registered with CTest, and none is switched off."""

import json
import os
import re
import subprocess
import unittest

import project

TEST = re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)


class Registered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shown = subprocess.run(
            ["ctest", "--test-dir", os.environ["QAIO_BUILD_DIR"], "--show-only=json-v1"],
            check=True, capture_output=True, text=True).stdout
        cls.tests = json.loads(shown)["tests"]

    def test_every_gtest_case(self):
        # "Suite.Case"; parametrized: "Instance/Suite.Case/3"; typed: "Suite/0.Case".
        cases = {match for test in self.tests
                 for match in re.findall(r"(\w+)(?:/\d+)?\.(\w+)", test["name"])}
        missing = []
        for path in project.files("src/**/*_test.cpp", "tests/**/*_test.cpp"):
            if not TEST.search(path.read_text()):
                missing.append(f"{project.relative(path)} holds no test")
            missing += [f"{project.relative(path)}: {suite}.{case}"
                        for suite, case in TEST.findall(path.read_text())
                        if (suite, case) not in cases]
        self.assertEqual(missing, [])

    def test_every_script(self):
        commands = {argument for test in self.tests for argument in test.get("command", [])}
        missing = [project.relative(path)
                   for path in project.files("tests/**/*_test.py", "tests/**/*_test.sh",
                                             "tests/**/*_test.mjs", "tools/**/*_test.py")
                   if str(path) not in commands]
        self.assertEqual(missing, [])

    def test_what_judges_times_says_so(self):
        """`./dev test` leaves out the label `timing`: nothing else may have it."""
        for test in self.tests:
            labels = {label for entry in test.get("properties", []) if entry["name"] == "LABELS"
                      for label in entry["value"]}
            timed = re.search(r"TimingTest\.|_timing_test$", test["name"]) is not None
            self.assertEqual("timing" in labels, timed, test["name"])
        for path in project.files("src/**/*_test.cpp"):
            for suite, case in TEST.findall(path.read_text()):
                self.assertEqual(suite.endswith("TimingTest"), path.name.endswith("_timing_test.cpp"),
                                 f"{project.relative(path)}: {suite}.{case}")

    def test_none_is_switched_off(self):
        disabled = [project.relative(path)
                    for path in project.files("src/**/*_test.cpp", "tests/**/*_test.cpp")
                    if "DISABLED_" in path.read_text()]
        self.assertEqual(disabled, [])


if __name__ == "__main__":
    unittest.main()
