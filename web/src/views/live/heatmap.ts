// Latency over time as a picture: each column a moment, each row a range of latencies, the darker
// the more requests took so long.
import type uPlot from "uplot";

import type { Point } from "../../api/live";
import { milliseconds } from "../../format";
import { beginOf } from "./history";
import { colour, mixed } from "./palette";
import type { Painting } from "./chart";
import { tickText } from "./units";

type Rows = (Point | null)[];

/** From and to which bucket the plot reaches: those with requests, and one more on each side. */
function bucketRange(rows: Rows, bounds_ms: number[]): [number, number] {
  let low = bounds_ms.length;
  let high = 0;
  for (const row of rows) {
    for (const [bucket] of row?.heat ?? []) {
      low = Math.min(low, bucket);
      high = Math.max(high, bucket);
    }
  }
  if (low > high) [low, high] = [bounds_ms.findIndex((ms) => ms >= 10), bounds_ms.findIndex((ms) => ms >= 1000)];
  return [Math.max(0, low - 1), Math.min(bounds_ms.length + 1, high + 2)];
}

/** Ticks at 1, 10, 100 ms and so on; also at 2 and 5 of them where there is room. */
function decades(bounds_ms: number[], [low, high]: [number, number]): Map<number, number> {
  const first = bounds_ms[0] ?? 1;
  const perDecade = (bounds_ms.length - 1) / Math.log10((bounds_ms[bounds_ms.length - 1] ?? 10) / first);
  const ticks = new Map<number, number>(); // ms by position
  const steps = high - low > 2.5 * perDecade ? [1] : [1, 2, 5];
  for (let decade = 0.01; decade < 1e7; decade *= 10) {
    for (const step of steps) {
      // The upper end of bucket i is bounds_ms[i], which is drawn at i + 1.
      const at = Math.log10((decade * step) / first) * perDecade + 1;
      if (at >= low && at <= high) ticks.set(at, Number((decade * step).toPrecision(1)));
    }
  }
  return ticks;
}

/** Requests per second, by column of pixels and bucket; row 0 is the highest bucket. */
export function grid(u: Pick<uPlot, "valToPos">, left: number, width: number, rows: Rows,
  [low, high]: [number, number]): { rates: Float32Array; max: number } {
  const height = high - low;
  const counts = new Float32Array(width * height);
  const seconds = new Float32Array(width);
  for (const row of rows) {
    if (row === null) continue;
    const begin = Math.round(u.valToPos(beginOf(row) / 1000, "x", true) - left);
    const end = Math.max(begin + 1, Math.round(u.valToPos(row.t / 1000, "x", true) - left));
    if (end <= 0 || begin >= width) continue;
    for (let column = Math.max(begin, 0); column < Math.min(end, width); column++) {
      seconds[column]! += row.s;
      for (const [bucket, count] of row.heat) counts[(high - 1 - bucket) * width + column]! += count;
    }
  }
  let max = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    counts[i]! /= seconds[i % width]!;
    max = Math.max(max, counts[i]!);
  }
  return { rates: counts, max };
}

const shades = 64;

/** The picture is made with a pixel for each cell and stretched, so its cost is that of its pixels. */
function paint(u: uPlot, rows: Rows, range: [number, number], canvas: HTMLCanvasElement): void {
  const { left, top, width, height } = u.bbox;
  const columns = Math.max(1, Math.round(width));
  const { rates, max } = grid(u, left, columns, rows, range);
  if (max === 0) return;
  canvas.width = columns;
  canvas.height = range[1] - range[0];
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  const ramp = Array.from({ length: shades }, (_, i) => mixed(colour("--accent-soft"), colour("--accent"), i / (shades - 1)));
  const scale = (shades - 1) / Math.log1p(max * 10);
  for (let i = 0; i < rates.length; i++) {
    if (rates[i] === 0) continue;
    image.data.set(ramp[Math.round(Math.log1p(rates[i]! * 10) * scale)]!, i * 4);
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  u.ctx.save();
  u.ctx.imageSmoothingEnabled = false;
  u.ctx.drawImage(canvas, left, top, width, height);
  u.ctx.restore();
}

function bucketText(bucket: number, bounds_ms: number[]): string {
  if (bucket <= 0) return `≤ ${milliseconds(bounds_ms[0] ?? 0)}`;
  const lower = milliseconds(bounds_ms[bucket - 1] ?? 0);
  return bucket >= bounds_ms.length ? `> ${lower}` : `${lower} – ${milliseconds(bounds_ms[bucket]!)}`;
}

export function heatPainting(rows: Rows, bounds_ms: number[], canvas: HTMLCanvasElement,
  words: { requests: (count: number) => string; hint: string }): Painting {
  const range = bucketRange(rows, bounds_ms);
  const ticks = decades(bounds_ms, range);
  return {
    range,
    splits: [...ticks.keys()],
    tick: (at) => tickText("ms", ticks.get(at) ?? 0),
    paint: (u) => paint(u, rows, range, canvas),
    readout: (row, at) => {
      if (row === null || at === null) return words.hint;
      const bucket = Math.floor(at);
      const count = row.heat.find(([each]) => each === bucket)?.[1] ?? 0;
      return `${bucketText(bucket, bounds_ms)}: ${words.requests(count)}`;
    },
  };
}
