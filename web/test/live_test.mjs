import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "./source.mjs";

const { merged } = await source("views/live/history.ts");
const { columnsOf, rowsOf } = await source("views/live/columns.ts");
const { grid } = await source("views/live/heatmap.ts");

const point = (t, more = {}) => ({ t, s: 1, heat: [], tasks: {}, ...more });
const seconds = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => point((from + i) * 1000));
const times = (points) => points.map(({ t }) => t / 1000);

test("what the server knows replaces what was shown, but not what came before it or was pushed since", () => {
  assert.deepEqual(times(merged([], seconds(1, 3), 60_000)), [1, 2, 3]);
  assert.deepEqual(times(merged(seconds(1, 5), [], 60_000)), [1, 2, 3, 4, 5]);
  // Those of a server before this one; a hole; those of this one; one pushed while it was asked.
  assert.deepEqual(times(merged([...seconds(1, 4), point(12_000)], seconds(8, 11), 60_000)), [1, 2, 3, 4, 8, 9, 10, 11, 12]);
  // A point of a server whose clock was ahead is not kept in the future.
  assert.deepEqual(times(merged([point(500_000)], seconds(8, 9), 60_000)), [8, 9]);
  // The last point of a longer range grows: it is there once.
  const step = (t, s) => point(t * 1000, { s });
  assert.deepEqual(times(merged([step(10, 10), step(14, 4)], [step(10, 10), step(18, 8)], 60_000)), [10, 18]);
});

test("points are bounded by the range", () => {
  const points = merged(seconds(1, 100), [point(101_000)], 60_000);
  assert.equal(points.length, 60);
  assert.equal(points[0].t, 42_000);
});

const line = (key, value) => ({ key, label: key, colour: "", value });

test("a time without a server is a hole, seconds without a measurement are bridged, but not many of them", () => {
  const rows = rowsOf([...seconds(1, 2), point(9_000)]);
  assert.deepEqual(rows.map((row) => row && row.t / 1000), [1, 2, null, 9]);
  const [x, y] = columnsOf(rows, [line("t", ({ t }) => t)], new Set(), false);
  assert.deepEqual(x, [1, 2, 2.001, 9]);
  assert.deepEqual(y, [1000, 2000, null, 9000]);
  const idle = rowsOf(seconds(1, 40));
  const [, values] = columnsOf(idle, [line("rare", ({ t }) => (t === 1000 || t === 4000 || t === 40_000 ? 7 : undefined))], new Set(), false);
  assert.deepEqual(values.slice(0, 4), [7, undefined, undefined, 7]);
  assert.equal(values.filter((value) => value === null).length, 1);
});

test("a stack adds up, without the hidden lines", () => {
  const rows = seconds(1, 2);
  const lines = [line("a", () => 1), line("b", () => 2), line("c", ({ t }) => (t === 1000 ? 4 : undefined))];
  assert.deepEqual(columnsOf(rows, lines, new Set(), true).slice(1), [[1, 1], [3, 3], [7, 3]]);
  assert.deepEqual(columnsOf(rows, lines, new Set(["b"]), true).slice(1), [[1, 1], [null, null], [5, 1]]);
});

test("the heat map's cells are requests per second, whether a point has many pixels or a pixel many points", () => {
  const u = (pixelsPerSecond) => ({ valToPos: (at) => at * pixelsPerSecond });
  const rows = [point(1000, { heat: [[3, 2]] }), point(2000, { heat: [[4, 6]] }), null];
  // Rows of cells: bucket 4 above bucket 3.
  const wide = grid(u(2), 0, 4, rows, [3, 5]);
  assert.deepEqual([...wide.rates], [0, 0, 6, 6, 2, 2, 0, 0]);
  assert.equal(wide.max, 6);
  const narrow = grid(u(0.25), 0, 1, rows, [3, 5]);
  assert.deepEqual([...narrow.rates], [3, 1]);
  assert.equal(grid(u(1), 100, 4, rows, [3, 5]).max, 0); // all to the left of the plot
});
