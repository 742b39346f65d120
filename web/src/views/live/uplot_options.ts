// What all charts of the view have in common.
import uPlot from "uplot";

import { twoDigits as two } from "../../format";
import type { Line } from "./columns";
import { colour } from "./palette";

export const lineWidth = 1.5;
const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/** "14:05", with seconds where ticks are closer than a minute; midnight is a day. */
function timeTick(seconds: number, step_s: number): string {
  const at = new Date(seconds * 1000);
  if (step_s >= 60 && at.getHours() === 0 && at.getMinutes() === 0) return `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return step_s < 60 ? `${minute}:${two(at.getSeconds())}` : minute;
}

const lineOfGrid = { stroke: () => colour("--line"), width: 1 };

export function timeAxis(): uPlot.Axis {
  return {
    font, size: 26, gap: 4, space: 70, stroke: () => colour("--soft"), grid: lineOfGrid, ticks: { ...lineOfGrid, size: 4 },
    values: (_, splits, _axis, _space, step_s) => splits.map((at) => timeTick(at, step_s)),
  };
}

export function valueAxis(scale: string, text: (value: number) => string, right: boolean): uPlot.Axis {
  return {
    scale, font, size: 62, gap: 6, space: 32, side: right ? 1 : 3, stroke: () => colour("--soft"),
    grid: right ? { show: false } : lineOfGrid, ticks: { show: false },
    values: (_, splits) => splits.map((value) => (value === null ? "" : text(value))),
  };
}

/** From 0 to a round number that is not below the largest value, nor below `least`. */
export function fromZero(least: number): uPlot.Scale.Range {
  const padding = { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.08, soft: 0, mode: 2 } } as const;
  return (_, _min, max) => [0, uPlot.rangeNum(0, Math.max(max ?? 0, least), padding)[1] ?? least];
}

/** Points only where a value has no neighbours to draw a line to. */
function lonePoints(u: uPlot, series: number, _show: boolean, _gaps?: null | number[][]): number[] | null {
  const values = u.data[series]!;
  const [first, last] = u.series[0]!.idxs ?? [0, -1];
  const lone: number[] = [];
  let before = false; // whether a line comes from the left
  for (let i = first; i <= last; i++) {
    if (values[i] === null) before = false;
    if (values[i] == null) continue;
    let after = i + 1;
    while (after <= last && values[after] === undefined) after++;
    if (!before && (after > last || values[after] === null)) lone.push(i);
    before = true;
  }
  return lone;
}

/**
 * uPlot knows the mouse only. A finger that moves sideways is one that drags; up and down it
 * scrolls the page, as `touch-action` of the style sheet has it.
 */
export function withTouch(u: uPlot): void {
  u.over.addEventListener("pointerdown", (event) => event.pointerType === "touch" && event.preventDefault());
  const kinds = { pointerdown: "mousedown", pointermove: "mousemove", pointerup: "mouseup", pointercancel: "mouseup" };
  for (const [kind, mouse] of Object.entries(kinds)) {
    u.over.addEventListener(kind, (event) => {
      const { pointerType, clientX, clientY } = event as PointerEvent;
      if (pointerType !== "touch") return;
      // A move without any distance would be taken for a stray one.
      const init = { bubbles: true, clientX, clientY, movementX: 1 };
      if (mouse === "mousedown") u.over.dispatchEvent(new MouseEvent("mousemove", init));
      u.over.dispatchEvent(new MouseEvent(mouse, init));
    });
  }
}

export function seriesOf(line: Line, stacked: boolean): uPlot.Series {
  const stroke = () => colour(line.colour);
  return {
    scale: line.right ? "right" : "left",
    stroke, width: stacked ? 0 : lineWidth,
    ...(stacked ? { fill: stroke } : {}),
    points: { size: 4, filter: lonePoints, show: true, stroke, fill: stroke },
  };
}

/** The start of the server; `label` says so where there is room for it. */
export function markStart(u: uPlot, at: number | null, label: string): void {
  if (at === null || at < u.scales["x"]!.min! || at > u.scales["x"]!.max!) return;
  const x = Math.round(u.valToPos(at, "x", true));
  u.ctx.save();
  u.ctx.strokeStyle = colour("--ink");
  u.ctx.setLineDash([4, 4]);
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.fillStyle = colour("--ink");
  u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  u.ctx.textAlign = x < u.bbox.left + u.bbox.width / 2 ? "left" : "right";
  u.ctx.textBaseline = "top";
  u.ctx.fillText(` ${label} `, x, u.bbox.top);
  u.ctx.restore();
}
