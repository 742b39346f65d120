"""The model's file is cut off, written over, or its disk fails: while it is being loaded, and while a
packed one is mapped and served. A sentence that names the file and exit code 3, or the right answer;
never another answer, a signal, or a server that hangs.

What somebody does to a packed file that is served is damage_test.py's Replaced.
The long version: QAIO_TEST_MOMENTS=40 QAIO_TEST_SHAPE=qwen2-0.5b python3 tests/model_lost_test.py
"""

import contextlib
import ctypes
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

from faults import Disk, FaultTest, ask
from program import DEMO_MODEL, FAILED, OK, QAIO, Server, run

MOMENTS = int(os.environ.get("QAIO_TEST_MOMENTS", 5))
QUESTION = {"prompt": "a", "max_tokens": 8, "temperature": 0, "ignore_eos": True}
SHAPE = os.environ.get("QAIO_TEST_SHAPE", "tiny")


def answer_of(port):
    """None: there was none."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        status, text = ask(port, "POST", "/v1/completions", QUESTION)
        return json.loads(text)["choices"][0]["text"] if status == 200 else None


class ModelLost(FaultTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.models, cls.answers = [], []
        for seed in ("1", "2"):
            model = cls.folder / f"{seed}.gguf"
            result = run("synth", "--shape", SHAPE, "--type", "q8_0", "--seed", seed, model)
            assert result.returncode == OK, result.stderr
            cls.models.append(model)
            begin = time.monotonic()
            with Server("--model", model) as server:
                cls.load_s = time.monotonic() - begin
                cls.answers.append(answer_of(server.port))
        assert None not in cls.answers and cls.answers[0] != cls.answers[1], cls.answers

    def while_loading(self, model, harm, original=None):
        """Stops the server in the middle of it at several moments, does harm, lets it go on."""
        answers = self.answers
        if original is not None:
            with Server("--model", original) as server:
                answers = [answer_of(server.port)]
        refused = 0
        for moment in range(MOMENTS):
            with self.subTest(moment=moment):
                if original is None:
                    shutil.copy(self.models[0], model)
                else:
                    shutil.rmtree(model, ignore_errors=True)
                    shutil.copytree(original, model)
                # The first 20 ms are the start of the program.
                delay = 0.02 + max(self.load_s - 0.05, 0.02) * (moment + random.random()) / MOMENTS
                log = self.place / "log"
                with open(log, "w") as out:
                    process = subprocess.Popen([QAIO, "serve", "--port", "0", "--model", model],
                                               stdout=out, stderr=subprocess.STDOUT)
                try:
                    time.sleep(delay)
                    process.send_signal(signal.SIGSTOP)
                    harm(model)
                    process.send_signal(signal.SIGCONT)
                    end = time.monotonic() + 120
                    while process.poll() is None and "\nready" not in log.read_text():
                        self.assertLess(time.monotonic(), end, "it hangs")
                        time.sleep(0.01)
                    text = log.read_text()
                    if process.poll() is None:
                        port = re.search(r"listening on http://\S+:(\d+)", text)[1]
                        self.assertIn(answer_of(int(port)), answers)
                        process.terminate()
                        self.assertEqual(process.wait(60), OK)
                        continue
                    refused += 1
                    self.assertEqual(process.returncode, FAILED, text)
                    last = text.splitlines()[-1]
                    self.assertRegex(last, r"\Aqaio: ")
                    self.assertIn(str(model), last)
                finally:
                    process.kill()
                    process.wait()
        return refused

    def test_cut_off_while_it_is_loaded(self):
        self.while_loading(self.place / "model.gguf", lambda model: os.truncate(model, 4096))

    def test_half_of_it_while_it_is_loaded(self):
        size = self.models[0].stat().st_size
        self.while_loading(self.place / "model.gguf", lambda model: os.truncate(model, size // 2))

    def test_emptied_while_it_is_loaded(self):
        self.while_loading(self.place / "model.gguf", lambda model: os.truncate(model, 0))

    def test_written_over_while_it_is_loaded(self):
        def write_over(model):
            with open(model, "r+b") as file:
                file.write(self.models[1].read_bytes())
        self.while_loading(self.place / "model.gguf", write_over)

    def test_removed_while_it_is_loaded(self):
        self.while_loading(self.place / "model.gguf", os.unlink)

    def test_a_folder_whose_weights_are_cut_off_while_it_is_loaded(self):
        self.while_loading(self.place / "folder",
                           lambda model: os.truncate(model / "model.safetensors", 4096), DEMO_MODEL)

    def test_its_disk_fails_while_it_is_loaded(self):
        disk = None

        def fail(_):
            disk.fail()
        for moment in range(2):
            self.setUp()
            disk = Disk(self, self.place, mib=max(64, 2 * self.models[0].stat().st_size >> 20))
            model = disk.folder / "model.gguf"
            shutil.copy(self.models[0], model)
            disk.forget()
            with open(self.place / "log", "w") as out:
                process = subprocess.Popen([QAIO, "serve", "--port", "0", "--model", model], stdout=out,
                                           stderr=subprocess.STDOUT)
            try:
                time.sleep(0.02 + self.load_s * moment / 3)
                process.send_signal(signal.SIGSTOP)
                fail(model)
                process.send_signal(signal.SIGCONT)
                end = time.monotonic() + 120
                while process.poll() is None and "\nready" not in (self.place / "log").read_text():
                    self.assertLess(time.monotonic(), end, "it hangs")
                    time.sleep(0.01)
                text = (self.place / "log").read_text()
                if process.poll() is not None:
                    self.assertEqual(process.returncode, FAILED, text)
                    self.assertIn(str(model), text.splitlines()[-1])
            finally:
                process.kill()
                process.wait()

    def test_the_disk_of_a_packed_one_fails_while_it_is_served(self):
        disk = Disk(self, self.place, mib=max(64, 2 * self.models[0].stat().st_size >> 20))
        packed = disk.folder / "model.qaio"
        self.ok("convert", self.models[0], packed)
        with Server("--model", packed) as server:
            right = answer_of(server.port)
            self.assertIsNotNone(right)
            disk.fail()
            self.assertIn(answer_of(server.port), (right, None), "what is in memory is right")
            if not self.page_out(server.process.pid, "model.qaio"):
                self.skipTest("this kernel does not let tests take pages from a process")
            self.assertIn(answer_of(server.port), (right, None))
            if server.process.poll() is None:
                answer_of(server.port)
            self.assertEqual(server.process.wait(30), FAILED)
            server.stop()
        self.assertRegex("".join(server.lines), rf"qaio: {packed}: became shorter while it was in use, or "
                                                r"its disk failed")

    @staticmethod
    def page_out(pid, name):
        """Takes the pages of the mapped file from the process, as a kernel short of memory does."""
        pidfd_open, process_madvise, pageout = 434, 440, 21
        libc = ctypes.CDLL(None, use_errno=True)

        class Iovec(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        fd = libc.syscall(pidfd_open, pid, 0)
        if fd < 0:
            return False
        done = False
        with open(f"/proc/{pid}/maps") as maps:
            for line in maps:
                if name not in line:
                    continue
                begin, end = (int(number, 16) for number in line.split()[0].split("-"))
                vector = Iovec(begin, end - begin)
                done |= libc.syscall(process_madvise, fd, ctypes.byref(vector), ctypes.c_size_t(1), pageout,
                                     0) > 0
        os.close(fd)
        return done


if __name__ == "__main__":
    unittest.main()
