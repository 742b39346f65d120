"""The course of a soak as one SVG: small charts above each other with one axis of time."""

import html
import math

WIDTH, LEFT, RIGHT = 900, 64, 16
CHART, GAP, TOP = 110, 40, 44
COLORS = ["#2563eb", "#d97706", "#dc2626", "#059669"]


def nice_step(span, parts):
    raw = max(span, 1e-9) / parts
    power = 10 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw)


def ticks(low, high, parts):
    step = nice_step(high - low, parts)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value):
    return f"{value:.10g}"


def chart(top, title, unit, lines, seconds, from_zero=True):
    """`lines`: (name, [(t_s, value)]). Elements of one chart whose upper edge is at `top`."""
    values = [v for _, points in lines for _, v in points]
    low, high = (0 if from_zero else min(values)), max(values)
    if high <= low:
        high = low + 1
    if not from_zero:
        low, high = low - (high - low) * 0.1, high + (high - low) * 0.1
    inner = WIDTH - LEFT - RIGHT

    def place(t, v):
        return f"{LEFT + inner * t / seconds:.1f},{top + CHART * (1 - (v - low) / (high - low)):.1f}"

    out = [f'<text class="title" x="{LEFT}" y="{top - 10}">{html.escape(title)} ({html.escape(unit)})</text>']
    for value in ticks(low, high, 4):
        y = place(0, value).split(",")[1]
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
                   f'<text class="tick" text-anchor="end" x="{LEFT - 6}" y="{float(y) + 4:.1f}">{number(value)}</text>')
    x = WIDTH - RIGHT
    for i, (name, points) in reversed(list(enumerate(lines))):
        color = COLORS[i % len(COLORS)]
        out.append(f'<polyline fill="none" stroke="{color}" points="{" ".join(place(t, v) for t, v in points)}"/>')
        if len(lines) > 1:
            out.append(f'<text class="tick" text-anchor="end" style="fill:{color}" x="{x}" y="{top - 10}">'
                       f'{html.escape(name)}</text>')
            x -= 8 * len(name) + 12
    return out


def soak_svg(title, samples, intervals):
    """`samples` and `intervals` as soak.py keeps them."""
    seconds = max(samples[-1]["t_s"], 1)

    def of(points, *keys):
        def value(point):
            for key in keys:
                point = point[key]
            return point
        return [(p["t_s"], value(p)) for p in points]

    charts = [("memory", "MiB", [("", [(s["t_s"], s["resident_kib"] / 1024) for s in samples])], False),
              ("open descriptors and threads", "count", [("descriptors", of(samples, "descriptors")),
                                                         ("threads", of(samples, "threads"))], True),
              ("KV blocks", "count", [(state, of(samples, "kv_blocks", state)) for state in ("used", "cached")], True)]
    if intervals:
        charts += [("latency", "ms", [(f"p{p}", of(intervals, f"p{p}_ms")) for p in (50, 95, 99)], True),
                   ("requests of the model", "per second", [("", of(intervals, "per_s"))], True)]
    charts.append(("processors", "cores", [("server", of(samples[1:], "server_cores")),
                                           ("client", of(samples[1:], "client_cores")),
                                           ("others", of(samples[1:], "other_cores"))], True))
    height = TOP + len(charts) * (CHART + GAP) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
           f'height="{height}" role="img" aria-label="{html.escape(title, quote=True)}">',
           "<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd}"
           "polyline{stroke-width:1.5}rect{fill:#fff}</style>",
           f'<rect width="{WIDTH}" height="{height}"/>',
           f'<text class="title" x="{LEFT}" y="18">{html.escape(title)}</text>']
    for i, (name, unit, lines, from_zero) in enumerate(charts):
        out += chart(TOP + i * (CHART + GAP) + 14, name, unit, lines, seconds, from_zero)
    bottom = TOP + len(charts) * (CHART + GAP) - 4
    unit_s, unit = (60, "min") if seconds >= 300 else (1, "s")
    for value in ticks(0, seconds / unit_s, 10):
        x = LEFT + (WIDTH - LEFT - RIGHT) * value * unit_s / seconds
        out.append(f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{bottom}">{number(value)} {unit}</text>')
    return "\n".join([*out, "</svg>", ""])
