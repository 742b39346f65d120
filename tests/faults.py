"""What the tests of faults share: asking a server that is in trouble, disks to break, waiting."""

import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import time
import unittest

import program

ROOT = os.geteuid() == 0
NOBODY = 65534
FAKETIME = next((library for place in (program.ROOT / "build/test-tools/usr/lib", pathlib.Path("/usr/lib"))
                 for library in place.glob("*/faketime/libfaketimeMT.so.1")), None)


def eventually(check, what="it", seconds=60):
    """The first true result of check(); the limit only finds what never comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = check()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come")


def ask(port, method, path, body=None, headers=(), timeout=60):
    """(status, text) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, path, None if body is None else json.dumps(body), dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def send(port, ids):
    """A request for each id, which is answered at once, as it asks for nothing that there is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        for request_id in ids:
            connection.request("POST", "/no/such/path", b"{}", {"X-Request-Id": request_id})
            answer = connection.getresponse()
            assert answer.status == 404, answer.status
            answer.read()


def metric(port, name, labels=""):
    found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", ask(port, "GET", "/metrics")[1], re.M)
    return None if found is None else float(found[1])


def archived(archive):
    """The ids of all POSTs in it, as often as they are in it; it must be whole."""
    with contextlib.closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True, timeout=60)) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return [row[0] for row in
                rows.execute("SELECT request_id FROM requests WHERE method = 'POST'")]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mounted(test, folder, *arguments):
    """Mounts on the folder until the test's end; skips it where that is not allowed."""
    if not ROOT or shutil.which("mount") is None:
        test.skipTest("only root may mount a file system")
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", *map(str, arguments), folder], capture_output=True).returncode != 0:
        test.skipTest("this system does not let tests mount")
    test.addCleanup(subprocess.run, ["umount", "-l", folder])
    return folder


class Disk:
    """An ext4 file system of its own, which can lose its medium. Whoever has no loop devices skips."""

    SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, without writing the journal out

    def __init__(self, test, place, mib=32):
        if shutil.which("mkfs.ext4") is None:
            test.skipTest("needs mkfs.ext4")
        self.image = place / "disk.img"
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.folder = mounted(test, place / "disk", "-o", "loop", self.image)

    def forget(self):
        """Nothing of it stays in memory."""
        subprocess.run(["umount", self.folder], check=True)
        subprocess.run(["mount", "-o", "loop", self.image, self.folder], check=True)

    def make_read_only(self):
        """As the kernel does when it finds the file system damaged: also for files that are open."""
        subprocess.run(["mount", "-o", "remount,abort", self.folder], capture_output=True)

    def fail(self):
        """Every access fails from now on, but to what is in memory."""
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, self.SHUTDOWN, struct.pack("I", 2))
        finally:
            os.close(fd)
        os.truncate(self.image, 0)  # also for those who have it mapped


def fill(folder):
    """Leaves no byte of room; returns the file that takes it."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 512):
            pass
    return filler


def start_and_end(arguments, prefix):
    """(exit code, lines) of a server that is ended as soon as it is ready, if it gets as far."""
    process = subprocess.Popen([*prefix, program.QAIO, "serve", "--port", "0", *arguments], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = []
    with process.stdout:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("ready"):
                process.terminate()
    return process.wait(60), lines


class FaultTest(program.ProgramTest):
    def setUp(self):
        self.place = self.new_place()
        self.archive = self.place / "archive.db"

    def new_place(self):
        return pathlib.Path(program.tempfile.mkdtemp(dir=self.folder))

    def side_by_side(self, check, cases, at_once=4):
        """check(a folder of its own, *case) for each case: most of them wait more than they compute."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            runs = [(case, pool.submit(check, self.new_place(), *case)) for case in cases]
        for case, run in runs:
            with self.subTest(case=case):
                run.result()

    def said(self, server, text):
        return [line for line in server.lines if text in line]

    def waits_for(self, server, text, count=1):
        try:
            eventually(lambda: len(self.said(server, text)) >= count)
        except AssertionError:
            self.fail(f"{text!r} is not said:\n" + "".join(server.lines[-20:]))

    def alive(self, server):
        self.assertIsNone(server.process.poll(), "it ended:\n" + "".join(server.lines[-5:]))
        self.assertEqual(ask(server.port, "GET", "/health")[0], 200)
