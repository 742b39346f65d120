"""Sources stay small enough to review and hold nothing of the machine they were written on."""

import re
import unittest

import project

SOURCES = ["*.h", "*.cpp", "*.inc", "*.S", "*.py", "*.ts", "*.mjs", "*.sh", "*.cmake", "dev"]
LINES_MAX = 800
LINES_REVIEW = 500
TABLES = "tools/demo_model/"  # much of it is sentences for training, kept as Python data
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:work|root|home)/\w")


class Files(unittest.TestCase):
    def test_no_source_is_too_long(self):
        too_long = []
        for path in project.files(*SOURCES):
            lines = path.read_text().count("\n")
            if project.relative(path).startswith(TABLES):
                continue
            if lines > LINES_MAX:
                too_long.append(f"{project.relative(path)}: {lines} lines")
            if lines > LINES_REVIEW:
                print(f"warning: {project.relative(path)} has {lines} lines; split it?")
        self.assertEqual(too_long, [])

    def test_no_machine_paths(self):
        found = []
        for path in project.files(*SOURCES, "*.md", "*.txt", "*.json", "*.toml", ".ci/*"):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if path != project.ROOT / "tests/conventions/files_test.py" and MACHINE_PATH.search(line):
                    found.append(f"{project.relative(path)}:{number}: {line.strip()[:80]}")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
