"""What a server process holds, and how busy the machine is with other things."""

import os
import pathlib
import re

TICKS = os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    """Of memory that is no file's: what a process allocates shows there."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", text)[1])


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def open_files(pid):
    """What its descriptors are of: paths and kinds, sorted."""
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(re.sub(r":\[\d+\]$", "", os.readlink(f"/proc/{pid}/fd/{number}")))
        except OSError:  # closed meanwhile
            pass
    return sorted(found)


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_cpu_s():
    """Time that all cores spent on anything, this machine's host included (steal)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


class Metrics:
    """One scrape of /metrics: series by name and labels, as they stand there."""

    def __init__(self, text):
        self.series = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                self.series[name] = float(value)

    def __getitem__(self, name):
        return self.series[name]

    def kv_blocks(self):
        return {state: int(self[f'qaio_kv_blocks{{state="{state}"}}'])
                for state in ("used", "pinned", "cached", "free")}

    def idle(self):
        return self["qaio_sequences_running"] == self["qaio_sequences_waiting"] == 0 == self.kv_blocks()["used"]


class Watch:
    """Samples of one process; times since it was made."""

    def __init__(self, pid, clock):
        self.pid, self.clock, self.begin = pid, clock, clock()
        self._last = self._times()

    def _times(self):
        return self.clock(), cpu_s(self.pid), cpu_s(os.getpid()), machine_cpu_s()

    def sample(self, metrics):
        """What it holds now; cores in use since the last sample, by whom."""
        now = self._times()
        passed, server, client, machine = (max(b - a, 0) for a, b in zip(self._last, now))
        self._last = now
        passed = max(passed, 1e-3)
        return {"t_s": round(now[0] - self.begin, 3), "resident_kib": resident_kib(self.pid),
                "descriptors": descriptors(self.pid), "threads": threads(self.pid),
                "kv_blocks": metrics.kv_blocks(), "connections": int(metrics["qaio_http_connections"]),
                "server_cpu_s": server, "server_cores": server / passed, "client_cores": client / passed,
                "other_cores": max(machine - server - client, 0) / passed}
