"""Every fuzz target has inputs to begin with, every folder of inputs a target, and all are small."""

import unittest

import project

BYTES_MAX = 1 << 20  # of all of them
TARGET_BYTES_MAX = 100 << 10


class FuzzInputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.targets = {path.stem for path in project.files("src/**/*_fuzz.cpp")}
        cls.inputs = {}
        for path in project.files("tests/fuzz/**/*"):
            if path.parent.name != "fuzz":
                cls.inputs.setdefault(path.parent.name, []).append(path)

    def test_targets_and_folders_are_the_same(self):
        self.assertGreater(len(self.targets), 30)
        self.assertEqual(self.targets, set(self.inputs))

    def test_dictionaries_have_a_target(self):
        named = {path.stem for path in project.files("tests/fuzz/*.dict")}
        self.assertEqual(named - self.targets, set())

    def test_they_are_small(self):
        sizes = {target: sum(path.stat().st_size for path in paths)
                 for target, paths in self.inputs.items()}
        self.assertEqual({t: size for t, size in sizes.items() if size > TARGET_BYTES_MAX}, {})
        self.assertLess(sum(sizes.values()), BYTES_MAX)

    def test_the_note_has_a_row_for_each(self):
        note = (project.ROOT / "docs" / "fuzzing.md").read_text()
        self.assertEqual({target for target in self.targets if f"| `{target}` |" not in note}, set())


if __name__ == "__main__":
    unittest.main()
