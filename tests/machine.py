"""Whether this machine can judge times now: what others use of it, and how evenly it does a fixed
piece of work. As a program: says so, and exits with 3 if it is not fit."""

import multiprocessing
import os
import statistics
import sys
import time

UNFIT = 3
WATCHED_SECONDS = 2
BUSY_MAX = 0.10    # of all processors, used by others
SPREAD_MAX = 1.25  # 95th percentile of the work's times / their median
SKEW_MAX = 1.25    # the slowest processor's median / the fastest one's
PIECES = 200       # of a few milliseconds, by each processor


def busy_share():
    """Of the processors' time; including what a hypervisor gave to other machines."""
    def read():
        with open("/proc/stat") as stat:
            times = [int(number) for number in stat.readline().split()[1:9]]
        return sum(times), times[3] + times[4]  # idle, waiting for disks

    total, idle = read()
    time.sleep(WATCHED_SECONDS)
    total_after, idle_after = read()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def work_times(processor):
    """Seconds of each piece of a fixed work on that processor."""
    os.sched_setaffinity(0, {processor})
    times = []
    for _ in range(PIECES):
        begin = time.perf_counter()
        sum(range(200_000))
        times.append(time.perf_counter() - begin)
    return times


def complaints(busy, times):
    """Why not: `busy` of the machine is used by others, `times` are lists of seconds by processor."""
    found = []
    if busy > BUSY_MAX:
        found.append(f"others use {busy:.0%} of the processors, more than {BUSY_MAX:.0%}")
    medians = [statistics.median(one) for one in times]
    for number, (one, median) in enumerate(zip(times, medians)):
        spread = sorted(one)[len(one) * 95 // 100] / median
        if spread > SPREAD_MAX:
            found.append(f"on processor {number} of {len(times)} a fixed work takes {spread:.2f} times "
                         f"its median at the 95th percentile, more than {SPREAD_MAX}")
    if max(medians) > SKEW_MAX * min(medians):
        found.append(f"the slowest processor takes {max(medians) / min(medians):.2f} times as long as "
                     f"the fastest, more than {SKEW_MAX}")
    return found


def main():
    busy = busy_share()
    processors = sorted(os.sched_getaffinity(0))
    with multiprocessing.Pool(len(processors)) as pool:
        times = pool.map(work_times, processors, chunksize=1)
    found = complaints(busy, times)
    for complaint in found:
        print(f"not fit to judge times: {complaint}", file=sys.stderr)
    if found:
        print("wait until the machine is quiet, or run them all the same:\n"
              "  ctest --test-dir build/release --output-on-failure -L timing", file=sys.stderr)
        return UNFIT
    print(f"fit to judge times: others use {busy:.0%} of {len(processors)} processors, a fixed work "
          f"takes {1e3 * statistics.median(times[0]):.1f} ms on each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
