"""docs/security.md names a test for each claim, and each test that it names is there."""

import re
import unittest

import project

CASE = re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)
CLASS = re.compile(r"^class (\w+)\(|^    def (test_\w+)\(", re.M)
SCRIPT_CASE = re.compile(r"^\s*(?:test|it)\(\s*['\"`](.+?)['\"`]\s*,", re.M)


def written_tests():
    """As the document calls them: Suite.Case, script.Class.test_method, and script: 'sentence' of a
    JavaScript test; a script or Class alone stands for all of its tests."""
    names = set()
    for path in project.files("src/**/*_test.cpp", "tests/**/*_test.cpp"):
        names |= {f"{suite}.{case}" for suite, case in CASE.findall(path.read_text())}
    for path in project.files("tests/*_test.py", "tests/**/*_test.py"):
        owner = None
        names.add(path.stem)
        for owner_found, test in CLASS.findall(path.read_text()):
            owner = owner_found or owner
            names.add(f"{path.stem}.{owner}" if owner_found else f"{path.stem}.{owner}.{test}")
    for path in project.files("tests/**/*_test.mjs", "web/test/*_test.mjs"):
        names.add(path.stem)
        names |= {f"{path.stem}: {case}" for case in SCRIPT_CASE.findall(path.read_text())}
    return names


def claims():
    """(claim, tests) of each row of the tables whose last column is called "test"."""
    rows = []
    inside = False
    for line in (project.ROOT / "docs/security.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| claim |"):
            inside = cells[-1] == "test"
        elif inside and line.startswith("|---"):
            continue
        elif inside and line.startswith("|"):
            rows.append((cells[0], re.findall(r"`([^`]+)`", cells[-1])))
        else:
            inside = False
    return rows


class Security(unittest.TestCase):
    def test_each_claim_names_tests_that_exist(self):
        written = written_tests()
        rows = claims()
        self.assertGreater(len(rows), 10)
        faults = [f"{claim}: no test" for claim, tests in rows if not tests]
        faults += [f"{claim}: there is no {test}" for claim, tests in rows for test in tests
                   if test not in written]
        self.assertEqual(faults, [])


if __name__ == "__main__":
    unittest.main()
