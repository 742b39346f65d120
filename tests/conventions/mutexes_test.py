"""Every mutex is one whose use Clang checks (base/mutex.h), and says what it guards."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import project

HEADER = "src/base/mutex.h"
WRAPPERS = {HEADER, "src/base/mutex_test.cpp"}
BARE = re.compile(r"\bstd::((?:recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex"
                  r"|lock_guard|unique_lock|scoped_lock|shared_lock|condition_variable(?:_any)?)\b"
                  r"|\bpthread_(?:mutex|rwlock|spinlock|cond)_t\b")
MEMBER = re.compile(r"^\s*(?:static |inline |mutable )*Mutex (\w+);(.*)$", re.M)
GUARDS_NO_DATA = "guards no data"

COUNTER = """
#include "base/mutex.h"
struct Counter {
  qaio::Mutex mutex;
  qaio::CondVar changed;
  int count QAIO_GUARDED_BY(mutex) = 0;
  void raise() QAIO_REQUIRES(mutex) { ++count; }
};
"""


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


class Mutexes(unittest.TestCase):
    def test_no_bare_mutex(self):
        found = []
        for path in project.files("src/**/*.h", "src/**/*.cpp", "tests/**/*.cpp", "bench/**/*.cpp"):
            if project.relative(path) in WRAPPERS:
                continue
            found += [f"{project.relative(path)}: {match.group(0)}"
                      for match in BARE.finditer(without_comments(path.read_text()))]
        self.assertEqual(found, [], f"use Mutex, MutexLock and CondVar of {HEADER}")

    def test_each_says_what_it_guards(self):
        silent, count = [], 0
        for path in project.files("src/**/*.h", "src/**/*.cpp"):
            text = path.read_text()
            for name, comment in MEMBER.findall(text):
                count += 1
                if f"QAIO_GUARDED_BY({name})" not in text and GUARDS_NO_DATA not in comment:
                    silent.append(f"{project.relative(path)}: {name}")
        self.assertEqual(silent, [], f'QAIO_GUARDED_BY, or a comment "{GUARDS_NO_DATA}"')
        self.assertGreater(count, 20)

    @unittest.skipUnless(shutil.which("clang++"), "needs Clang, which only lint and fuzzing install")
    def test_clang_refuses_what_is_wrong(self):
        lock = "const qaio::MutexLock lock(counter.mutex); "
        right = [lock + "++counter.count;", lock + "counter.raise();",
                 lock + "while (counter.count == 0) counter.changed.wait(counter.mutex);",
                 "counter.mutex.lock(); counter.raise(); counter.mutex.unlock();"]
        wrong = ["++counter.count;", "counter.raise();", "counter.mutex.lock();",
                 "counter.changed.wait(counter.mutex);", lock + "counter.mutex.lock();",
                 "{ " + lock + "} counter.raise();"]
        self.assertEqual(self.refused([*right, *wrong]), wrong)

    def refused(self, bodies):
        """Those of these bodies of functions on whose lines Clang finds something."""
        lines = [f"void use{number}(Counter& counter) {{ {body} }}" for number, body in enumerate(bodies)]
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "use.cpp"
            source.write_text("\n".join([COUNTER, *lines]))
            said = subprocess.run(
                ["clang++", "-std=c++20", "-fsyntax-only", "-Wthread-safety", "-Werror", "-ferror-limit=0",
                 f"-I{project.ROOT / 'src'}", str(source)], capture_output=True, text=True).stderr
        found = re.findall(r"^(.+):(\d+):\d+: error: (.+)$", said, re.M)
        self.assertEqual([one for one in found if one[0] != str(source) or "-Wthread-safety" not in one[2]], [])
        first = COUNTER.count("\n") + 2
        return [bodies[line - first] for line in sorted({int(line) for _, line, _ in found})]


if __name__ == "__main__":
    unittest.main()
