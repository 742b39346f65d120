"""Whether a server came out of a soak as it went in. Pure functions of what was measured."""

import bisect
import dataclasses
import math
import random

PASS, FAIL, UNCLEAR = "pass", "FAIL", "not judged"

# Memory may still grow for reasons that end: rings and histograms fill (16 MiB at most for the live view, by its own
# documentation), the allocator keeps what a burst needed. That is why the slope counts, in the second half alone.
MEMORY_SLACK_KIB = 16 * 1024
GROWTH_SLACK_KIB = 1024
DRIFT_MAX = 1.10
# An interval wider than that says nothing.
DRIFT_UNCLEAR = 1.50
# Cores that other programs used in one third of the time and not in another: no percentile is comparable then.
OTHER_CORES_MAX = 0.10
REFUSED_MAX = 0.01


@dataclasses.dataclass
class Check:
    name: str
    verdict: str
    text: str


BLOCKS = 10
T_975 = 2.306  # of Student's distribution with BLOCKS - 2 degrees of freedom


def mean(values):
    return sum(values) / len(values)


def percentile(ordered, share):
    """Of sorted values; the nearest rank."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def slope(times, values):
    """(estimate, low, high) of the change per unit of time by least squares; 95 %.

    Samples of one process are no independent draws, so the line goes through the means of blocks of neighbours.
    """
    cuts = [len(times) * i // BLOCKS for i in range(BLOCKS + 1)]
    xs, ys = ([mean(series[a:b]) for a, b in zip(cuts, cuts[1:])] for series in (times, values))
    x_mean, y_mean = mean(xs), mean(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    estimate = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread
    rest = sum((y - y_mean - estimate * (x - x_mean)) ** 2 for x, y in zip(xs, ys))
    half = T_975 * math.sqrt(rest / (BLOCKS - 2) / spread)
    return estimate, estimate - half, estimate + half


def ratio_of_means(before, after, rounds=2000, seed=1):
    """(estimate, low, high) of mean(after) / mean(before); 95 %, by a bootstrap of blocks of neighbours."""
    rng = random.Random(seed)

    def resampled(values):
        block = max(1, round(len(values) ** (1 / 3)))
        drawn = []
        while len(drawn) < len(values):
            begin = rng.randrange(len(values) - block + 1)
            drawn += values[begin:begin + block]
        return mean(drawn[:len(values)])

    ratios = sorted(resampled(after) / resampled(before) for _ in range(rounds))
    return mean(after) / mean(before), percentile(ratios, 0.025), percentile(ratios, 0.975)


def same_as_before(name, before, after, slack=0):
    verdict = PASS if after <= before + slack else FAIL
    return Check(name, verdict, f"{before} after warm-up, {after} at the end" + (f" (up to {slack} more)" if slack else ""))


def same_files(before, after):
    """`before`, `after`: what descriptors are of; one more of the same kind is one more."""
    more = list(after)
    for file in before:
        if file in more:
            more.remove(file)
    return Check("descriptors", FAIL if more else PASS, f"{len(before)} after warm-up, {len(after)} at the end"
                 + (f"; more: {', '.join(more)}" if more else ""))


def memory_at_rest(before_kib, after_kib):
    grown = after_kib - before_kib
    return Check("memory at rest", PASS if grown <= MEMORY_SLACK_KIB else FAIL,
                 f"{before_kib / 1024:.1f} MiB after warm-up, {after_kib / 1024:.1f} MiB at the end "
                 f"(up to {MEMORY_SLACK_KIB // 1024} MiB more)")


def memory_growth(samples, requests_per_s):
    """Whether memory goes on growing while the load stays the same."""
    half = [s for s in samples if s["t_s"] >= samples[-1]["t_s"] / 2]
    if len(half) < 2 * BLOCKS:
        return Check("memory growth", UNCLEAR, f"{len(half)} samples are too few")
    times = [s["t_s"] for s in half]
    estimate, low, high = slope(times, [s["resident_kib"] for s in half])
    passed_s = times[-1] - times[0]
    per_request = [x * 1024 / requests_per_s for x in (estimate, low, high)]
    text = (f"{estimate * 3600 / 1024:+.2f} MiB an hour in the second half, "
            f"{per_request[0]:+.2f} bytes a request (95 %: {per_request[1]:+.2f} to {per_request[2]:+.2f})")
    grows = low > 0 and estimate * passed_s > GROWTH_SLACK_KIB
    return Check("memory growth", FAIL if grows else PASS, text)


def kv_accounts(samples):
    """Every block is in one state at any moment."""
    totals = {sum(s["kv_blocks"].values()) for s in samples}
    return Check("KV blocks add up", PASS if len(totals) == 1 else FAIL,
                 f"used + pinned + cached + free = {', '.join(map(str, sorted(totals)))} in {len(samples)} samples")


def thirds(points):
    """The first and the last third, by time."""
    begin, end = points[0]["t_s"], points[-1]["t_s"]
    first = [p for p in points if p["t_s"] <= begin + (end - begin) / 3]
    last = [p for p in points if p["t_s"] > end - (end - begin) / 3]
    return first, last


def drift(name, points, value, unit):
    """Whether a figure of the intervals is higher in the last third than in the first one."""
    first, last = thirds(points)
    if min(len(first), len(last)) < 5:
        return Check(name, UNCLEAR, f"{len(points)} intervals are too few")
    a, b = [p[value] for p in first], [p[value] for p in last]
    ratio, low, high = ratio_of_means(a, b)
    text = (f"{mean(a):.3g} {unit} in the first third, {mean(b):.3g} {unit} in the last: "
            f"ratio {ratio:.3f} (95 %: {low:.3f} to {high:.3f})")
    others = [mean([p["other_cores"] for p in third]) for third in (first, last)]
    if abs(others[1] - others[0]) > OTHER_CORES_MAX:
        return Check(name, UNCLEAR, f"{text}; other programs used {others[0]:.2f} and {others[1]:.2f} cores")
    if low > DRIFT_MAX:
        return Check(name, FAIL, text)
    if high > DRIFT_UNCLEAR:
        return Check(name, UNCLEAR, text + "; too wide to tell")
    return Check(name, PASS, text)


def intervals(samples, requests):
    """Latencies and CPU time of the requests between each two samples.

    `requests`: (t_s, latency_ms) of those that are compared, at their ends.
    """
    requests = sorted(requests)
    ends = [t for t, _ in requests]
    points = []
    for before, sample in zip(samples, samples[1:]):
        part = sorted(latency for _, latency in requests[bisect.bisect(ends, before["t_s"]):
                                                         bisect.bisect(ends, sample["t_s"])])
        if len(part) < 5:
            continue
        points.append({"t_s": sample["t_s"], "requests": len(part), "p50_ms": percentile(part, 0.5),
                       "p95_ms": percentile(part, 0.95), "p99_ms": percentile(part, 0.99),
                       "cpu_ms": sample["server_cpu_s"] * 1e3 / len(part), "other_cores": sample["other_cores"],
                       "per_s": len(part) / (sample["t_s"] - before["t_s"])})
    return points


@dataclasses.dataclass
class Sent:
    """What a client knows of one request."""
    kind: str
    outcome: str  # answered, left (by this client) or lost (no answer came)
    status: int  # 0: none was seen


LEFT = {200, 499}  # it was done all the same, or ended early


def accounts(sent, records, unexpected, faults):
    """Checks of the whole: every request answered once, and recorded once as it was answered.

    `sent`: by id; `records`: (id, status) of the archive, in any order; the others: sentences.
    """
    seen, disagree = {}, []
    for request_id, status in records:
        seen[request_id] = seen.get(request_id, 0) + 1
        one = sent.get(request_id)
        if one is None or one.outcome == "lost":
            continue
        right = status in LEFT if one.outcome == "left" and one.status in (0, 200) else status == one.status
        if not right:
            disagree.append(f"{request_id} ({one.kind}): {one.outcome} {one.status}, recorded {status}")
    lost = [i for i, one in sent.items() if one.outcome == "lost"]
    missing = [i for i in sent if i not in seen]
    twice = [i for i, count in seen.items() if count > 1]
    unknown = [i for i in seen if i not in sent]
    answered = sum(one.outcome == "answered" for one in sent.values())
    refused = sum(one.status in (429, 503) for one in sent.values())
    left = sum(one.outcome == "left" for one in sent.values())

    def none(name, wrong, of):
        return Check(name, FAIL if wrong else PASS,
                     f"{len(wrong)} of {of}" + (f": {', '.join(map(str, wrong[:3]))}" if wrong else ""))

    return [
        none("without an answer", lost, f"{len(sent)} requests ({answered} answered, {left} left by their clients)"),
        none("without a record", missing, f"{len(sent)} requests"),
        none("recorded twice", twice, f"{len(seen)} ids in the archive"),
        none("records of no request", unknown, f"{len(seen)} ids in the archive"),
        none("recorded otherwise than answered", disagree, f"{len(sent)} requests"),
        none("with another status than expected", unexpected, f"{len(sent)} requests"),
        none("with a wrong answer", faults, f"{answered} answers"),
        Check("refused for want of room", PASS if refused <= REFUSED_MAX * len(sent) else UNCLEAR,
              f"{refused} of {len(sent)} requests (more than {REFUSED_MAX:.0%}: too much load for this machine)"),
    ]


def same_ids(name, sent, ids):
    """Each id that was sent is there, once, and no other."""
    there, twice = set(), 0
    for request_id in ids:
        twice += request_id in there
        there.add(request_id)
    missing, unknown = len(sent.keys() - there), len(there - sent.keys())
    return Check(name, FAIL if missing or twice or unknown else PASS,
                 f"{len(there)} ids, {missing} missing, {twice} twice, {unknown} of no request")


def table(checks):
    width = max(len(check.name) for check in checks)
    return "\n".join(f"{check.verdict:<10}  {check.name:<{width}}  {check.text}" for check in checks)


def failed(checks):
    return any(check.verdict == FAIL for check in checks)
