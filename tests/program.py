"""What the tests of the whole program share: running `qaio` and finding models to give it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
QAIO = os.environ.get("QAIO_BINARY", str(ROOT / "build/release/qaio"))
SHARED_MODELS = ROOT.parent / "shared/data"
DEMO_MODEL = ROOT / "models/demo"

OK, NO, USAGE, FAILED = 0, 1, 2, 3
SANITIZED = bool(os.environ.get("QAIO_SANITIZE"))


def not_sanitized(why):
    """Of a test or class that `./dev sanitize` leaves out; `why` names what a sanitizer changes."""
    return unittest.skipIf(SANITIZED, f"not under sanitizers: {why}")


# UBSan looks at an object through a pipe, and without descriptors takes it for one of a wrong type.
NO_DESCRIPTORS = "it needs a descriptor to tell an object's type"


def run(*arguments, stdin="", environment=None, timeout=600, text=True):
    """One run of qaio to its end: .returncode, .stdout, .stderr."""
    return subprocess.run([QAIO, *map(str, arguments)], input=stdin, capture_output=True, text=text,
                          timeout=timeout, env={**os.environ, **(environment or {})})


class ProgramTest(unittest.TestCase):
    """Gives each test class a temporary folder."""

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="qaio-test-")
        cls.folder = pathlib.Path(cls._folder.name)
        cls.addClassCleanup(cls._folder.cleanup)

    def ok(self, *arguments, **options):
        """The standard output of a run that must succeed quietly."""
        result = run(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (OK, ""), arguments)
        return result.stdout

    def ok_json(self, *arguments, **options):
        return json.loads(self.ok(*arguments, **options))

    def fails(self, code, *arguments, **options):
        """The one sentence on standard error of a run that must fail with `code`."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, code, (arguments, result.stderr))
        self.assertEqual(result.stdout, "", arguments)
        self.assertRegex(result.stderr, r"\Aqaio: [^\n]+\n(Try [^\n]+\n)?\Z", arguments)
        return result.stderr

    def assert_memory_less(self, grown, most, message=None):
        """Not of sanitizers, which keep what was given back, and more beside."""
        if not SANITIZED:
            self.assertLess(grown, most, message)


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


class Server:
    """`qaio serve` on a free port; a context manager that is ready once entered."""

    def __init__(self, *arguments, environment=None, program=QAIO, core=None, program_prefix=(),
                 tcp=True, port=0):
        on_core = [] if core is None else ["taskset", "--cpu-list", str(core)]
        self.process = subprocess.Popen(
            [*program_prefix, *on_core, program, "serve", *(["--port", str(port)] if tcp else []),
             *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **(environment or {})})
        self.lines = []
        self.tcp = tcp
        self.port = None
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            match = re.search(r"listening on https?://\S+:(\d+)", line)
            if match:
                self.port = int(match[1])
            if re.search(r"\bready\b", line):
                self._ready.set()
        self._ready.set()  # the program ended

    def __enter__(self):
        listens = self._ready.wait(300) and (self.port is not None or not self.tcp)
        if not listens or self.process.poll() is not None:
            self.process.kill()
            raise AssertionError("serve did not become ready:\n" + "".join(self.lines))
        return self

    def stop(self, number=signal.SIGTERM):
        """Sends the signal; the exit code."""
        if self.process.returncode is not None:
            return self.process.returncode
        self.process.send_signal(number)
        try:
            code = self.process.wait(50)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(10)
        self.process.stdout.close()
        return code

    def __exit__(self, *_):
        self.stop()
