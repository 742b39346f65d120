// A chart on the screen: uPlot, what it is drawn from, and what mouse, finger and keys do with it.
import uPlot from "uplot";

import type { Point } from "../../api/live";
import { clockTime } from "../../format";
import { currentTexts } from "../../i18n";
import type { Store } from "../../store";
import { columnsOf, timesOf } from "./columns";
import type { Line } from "./columns";
import { notAnyMore, soon } from "./frames";
import { onColours } from "./palette";
import { liveTexts } from "./strings";
import { tickText, valueText } from "./units";
import type { Unit } from "./units";
import { fromZero, lineWidth, markStart, seriesOf, timeAxis, valueAxis, withTouch } from "./uplot_options";

/** In unix seconds. */
export interface Span {
  min: number;
  max: number;
}

/** What all charts of the view have in common. */
export interface Sight {
  rows: (Point | null)[];
  whole: Span; // what is shown when nothing is zoomed
  zoom: Store<Span | null>;
  startedAt: number | null; // unix seconds: when the server started
}

/** Instead of lines: what paints the plot by itself. */
export interface Painting {
  range: [number, number];
  splits: number[];
  tick: (value: number) => string;
  paint: (u: uPlot) => void;
  readout: (row: Point | null, value: number | null) => string; // value: where the cursor is
}

export interface ChartContent {
  unit: Unit;
  rightUnit?: Unit;
  least?: number; // the value axis reaches at least so far
  height?: number;
  lines: Line[];
  stacked?: boolean;
  painting?: Painting;
  sight: Sight;
}

/** Where the chart writes what is under the cursor. */
export interface Readouts {
  time: HTMLElement | null;
  values: Map<string, HTMLElement>; // by the line's key; "painting"
  spoken: HTMLElement | null; // read aloud
}

const zoomLeast_s = 2;
const reach_px = 30; // from the cursor to the step it is about

/** The first line of a stack is the lowest, so it is drawn last, over the sums behind it. */
function drawOrder<T>(lines: T[], stacked: boolean): T[] {
  return stacked ? [...lines].reverse() : lines;
}

export class Chart {
  readonly hidden = new Set<string>(); // keys of lines
  private readonly u: uPlot;
  private readonly ends: (() => void)[];
  private drawnRows: unknown = null; // what the data of uPlot was made of
  private readonly draw = () => this.drawNow();

  constructor(host: HTMLElement, private content: ChartContent, private readonly readouts: Readouts) {
    const options = this.options(host.clientWidth || 300);
    this.u = new uPlot(options, [[], ...options.series.slice(1).map(() => [])], host);
    const resized = new ResizeObserver(() => {
      if (host.clientWidth > 0 && host.clientWidth !== this.u.width) this.u.setSize({ width: host.clientWidth, height: this.u.height });
    });
    resized.observe(host);
    this.ends = [content.sight.zoom.subscribe(() => soon(this.draw)), onColours(() => this.u.redraw(false)), () => resized.disconnect()];
  }

  /** New values of the same lines; drawn in one of the next frames. */
  show(content: ChartContent): void {
    this.content = content;
    soon(this.draw);
  }

  toggle(key: string): void {
    if (!this.hidden.delete(key)) this.hidden.add(key);
    this.drawnRows = null;
    soon(this.draw);
  }

  destroy(): void {
    notAnyMore(this.draw);
    for (const end of this.ends) end();
    this.u.destroy();
  }

  /** Arrows move the cursor, plus and minus zoom around it; false for a key that does nothing. */
  press(key: string, far: boolean): boolean {
    const { rows, zoom, whole } = this.content.sight;
    const { min, max } = zoom.get() ?? whole;
    const at = this.u.cursor.idx ?? rows.length - 1;
    if (key === "Escape" || key === "0") zoom.set(null);
    else if (key === "ArrowLeft" || key === "ArrowRight") {
      const to = at + (key === "ArrowLeft" ? -1 : 1) * (far ? 10 : 1);
      this.moveTo(rows[Math.min(Math.max(to, 0), rows.length - 1)] ?? null);
    } else if (key === "+" || key === "=" || key === "-") {
      const center = (rows[at]?.t ?? max * 1000) / 1000;
      this.zoomAround(center, (max - min) * (key === "-" ? 1 : 0.25));
    } else return false;
    return true;
  }

  private zoomAround(center: number, reach: number): void {
    const { zoom, whole } = this.content.sight;
    if (reach < zoomLeast_s / 2) return;
    const next = { min: Math.max(whole.min, center - reach), max: Math.min(whole.max, center + reach) };
    zoom.set(next.min === whole.min && next.max === whole.max ? null : next);
  }

  /** As the mouse does, so that the other charts follow. */
  private moveTo(row: Point | null): void {
    if (row === null) return;
    const { left, top, height } = this.u.over.getBoundingClientRect();
    const x = left + this.u.valToPos(row.t / 1000, "x");
    this.u.over.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: top + height / 2 }));
    const values = [...this.readouts.values.values()].map((place) => place.parentElement?.textContent);
    if (this.readouts.spoken !== null) this.readouts.spoken.textContent = `${clockTime(row.t)} ${values.join(", ")}`;
  }

  private drawNow(): void {
    const { u, content: { sight, stacked } } = this;
    const { min, max } = sight.zoom.get() ?? sight.whole;
    if (!stacked) {
      // Lines with more points than pixels are as thin as can be: others take thirty times as long to paint.
      const points = (sight.rows.length * (max - min)) / (sight.whole.max - sight.whole.min);
      for (const series of u.series.slice(1)) series.width = points > u.width * 2 ? 1 / devicePixelRatio : lineWidth;
    }
    u.batch(() => {
      if (this.drawnRows !== sight.rows) u.setData(this.data(), false);
      this.drawnRows = sight.rows;
      u.setScale("x", { min, max });
    });
    this.showValues();
  }

  private data(): uPlot.AlignedData {
    const { sight: { rows }, lines, stacked = false, painting } = this.content;
    if (painting !== undefined) return [timesOf(rows), rows.map(() => null)];
    const [times, ...columns] = columnsOf(rows, lines, this.hidden, stacked);
    return [times, ...drawOrder(columns, stacked)];
  }

  /** The values under the cursor, else the last ones. */
  private showValues(): void {
    const { u, readouts, content: { sight: { rows }, lines, unit, rightUnit, painting } } = this;
    const left = u.cursor.left ?? -1;
    const at = left >= 0 ? u.cursor.idx ?? null : null;
    let row = rows[at ?? rows.length - 1] ?? null;
    if (at !== null && row !== null && Math.abs(u.valToPos(row.t / 1000, "x") - left) > reach_px) row = null;
    if (readouts.time !== null) readouts.time.textContent = at !== null && row !== null ? clockTime(row.t) : "";
    for (const line of lines) {
      const place = readouts.values.get(line.key);
      const value = row === null ? undefined : line.value(row);
      if (place !== undefined) place.textContent = valueText(line.right ? rightUnit ?? unit : unit, value);
    }
    const place = readouts.values.get("painting");
    if (place === undefined || painting === undefined) return;
    // Only of the chart under the mouse the height says something.
    const here = at !== null && u.over.matches(":hover");
    place.textContent = painting.readout(row, here ? u.posToVal(u.cursor.top ?? 0, "left") : null);
  }

  private zoomToSelection(): void {
    const { left, width } = this.u.select;
    if (width < 4) return;
    const min = this.u.posToVal(left, "x");
    const max = this.u.posToVal(left + width, "x");
    this.u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (max - min >= zoomLeast_s) this.content.sight.zoom.set({ min, max });
  }

  private options(width: number): uPlot.Options {
    const { unit, rightUnit, least = 1, height = 190, lines, stacked = false, painting } = this.content;
    const now = () => this.content;
    const tick = (value: number) => now().painting?.tick(value) ?? tickText(unit, value);
    const right = rightUnit !== undefined;
    return {
      width,
      height,
      legend: { show: false },
      padding: [8, right ? 0 : 12, 0, 0],
      scales: {
        x: { time: true, auto: false },
        left: { range: painting ? () => now().painting!.range : fromZero(least) },
        ...(right ? { right: { range: fromZero(rightUnit === "percent" ? 100 : 1) } } : {}),
      },
      axes: [
        timeAxis(),
        { ...valueAxis("left", tick, false), ...(painting ? { splits: () => now().painting!.splits } : {}) },
        ...(right ? [valueAxis("right", (value) => tickText(rightUnit, value), true)] : []),
      ],
      series: [{}, ...(painting ? [{ scale: "left", paths: () => null, points: { show: false } }]
        : drawOrder(lines, stacked).map((line) => seriesOf(line, stacked)))],
      cursor: {
        y: painting !== undefined,
        points: { size: 7 },
        hover: { prox: reach_px },
        drag: { x: true, y: false, setScale: false },
        sync: { key: "live", setSeries: false, filters: { pub: (kind) => kind === "mousemove" || kind === "mouseleave" } },
        bind: { dblclick: () => () => (now().sight.zoom.set(null), null) },
      },
      hooks: {
        ready: [withTouch],
        setCursor: [() => this.showValues()],
        drawClear: [(u) => now().painting?.paint(u)],
        draw: [(u) => markStart(u, now().sight.startedAt, painting ? currentTexts(liveTexts).serverStart : "")],
        setSelect: [() => this.zoomToSelection()],
      },
    };
  }
}
