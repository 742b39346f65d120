"""The built program has what cmake/hardening.cmake asks for: read from its ELF file and from the objects it is
made of. docs/security.md says what each is for."""

import os
import pathlib
import platform
import re
import subprocess
import unittest

from program import QAIO, ROOT, not_sanitized

BUILD = pathlib.Path(os.environ.get("QAIO_BUILD_DIR", ROOT / "build/release"))
X86 = platform.machine() == "x86_64"


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout


def cached(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found[1] if found else ""


@not_sanitized("their builds are for finding faults, not for use")
@unittest.skipUnless(cached("CMAKE_BUILD_TYPE") in ("Release", "RelWithDebInfo", "MinSizeRel"), "no build for use")
class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.header = readelf("--file-header", QAIO)
        cls.segments = readelf("--program-headers", QAIO)
        cls.dynamic = readelf("--dynamic", QAIO)
        cls.imports = set(re.findall(r" UND (\S+?)(?:@|\s)", readelf("--dyn-syms", QAIO)))

    def test_it_lies_at_another_address_each_time(self):
        self.assertRegex(self.header, r"Type:\s+DYN")
        self.assertRegex(self.dynamic, r"FLAGS_1\).*\bPIE\b")

    def test_what_the_loader_fills_in_is_read_only(self):
        self.assertRegex(self.segments, r"GNU_RELRO\s+0x")
        self.assertRegex(self.dynamic, r"\(FLAGS\).*\bBIND_NOW\b|FLAGS_1\).*\bNOW\b")

    def test_nothing_is_both_written_and_executed(self):
        stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(.{3})", self.segments)
        self.assertEqual(stack[1].split(), ["RW"])
        for flags in re.findall(r"LOAD\s+(?:0x\w+\s+){5}(.{3})", self.segments):
            self.assertFalse("W" in flags and "E" in flags, flags)

    def test_no_library_is_looked_for_where_others_write(self):
        self.assertNotRegex(self.dynamic, r"\((RPATH|RUNPATH|TEXTREL)\)")

    def test_lengths_and_return_addresses_are_checked(self):
        fortified = {name for name in self.imports if name.endswith("_chk")}
        self.assertGreaterEqual(len(fortified), 3, fortified)
        self.assertIn("__stack_chk_fail", self.imports)

    def test_every_file_was_compiled_so(self):
        """As GCC notes in what it makes; other compilers note nothing."""
        producers = re.findall(r"DW_AT_producer\s*:.*?: (GNU (?:C|C\+\+)\d+ .*)",
                               readelf("--debug-dump=info", "--dwarf-depth=1", QAIO))
        if not producers:
            self.skipTest("another compiler, or no debugging information")
        wanted = ["-fstack-protector-strong", "-fstack-clash-protection", "-fPIE",
                  "-fcf-protection=full" if X86 else "-mbranch-protection=standard"]
        for producer in set(producers):
            self.assertEqual([option for option in wanted if option not in producer], [], producer)
        self.assertGreater(len(producers), 100)

    @unittest.skipUnless(X86, "marks of x86 processors")
    def test_every_object_is_marked_for_checked_jumps(self):
        """The linker marks a program for IBT when all its objects are; where the C library's own objects are
        not, as in Debian 12, ours are ready for those that are."""
        unmarked, count = [], 0
        # Those of this build: a folder may hold others of earlier ones.
        archives = re.findall(r"^build (src/\S+/libqaio_\w+\.a):", (BUILD / "build.ninja").read_text(), re.M)
        for archive in map(BUILD.joinpath, archives):
            for name, notes in re.findall(r"^File: .*\((.*)\)\n((?:(?!File: ).*\n?)*)", readelf("--notes", archive),
                                          re.M):
                count += 1
                if not re.search(r"x86 feature: IBT, SHSTK", notes):
                    unmarked.append(f"{archive.name}({name})")
        self.assertEqual(unmarked, [])
        self.assertGreater(count, 100)
        self.assertRegex(readelf("--notes", QAIO), r"x86 feature: (IBT, )?SHSTK")


if __name__ == "__main__":
    unittest.main()
