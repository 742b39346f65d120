// One chart: uPlot in a figure, with a legend that also shows the values under the cursor.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import uPlot from "uplot";

import type { Point } from "../../api/live";
import { clockTime } from "../../format";
import { currentTexts, useTexts } from "../../i18n";
import type { Store } from "../../store";
import { columnsOf, timesOf } from "./columns";
import type { Line } from "./columns";
import { notAnyMore, soon } from "./frames";
import { colour, onColours } from "./palette";
import { liveTexts } from "./strings";
import { tickText, valueText } from "./units";
import type { Unit } from "./units";
import { fromZero, lonePoints, timeAxis, valueAxis, withTouch } from "./uplot_options";

/** In unix seconds. */
export interface Span {
  min: number;
  max: number;
}

export interface Sight {
  rows: (Point | null)[];
  whole: Span; // what is shown when nothing is zoomed
  zoom: Store<Span | null>; // the same for all charts
  startedAt: number | null; // unix seconds: when the server started, if that is in sight
}

/** Instead of lines: what paints the plot by itself. */
export interface Painting {
  range: [number, number];
  splits: number[];
  tick: (value: number) => string;
  paint: (u: uPlot) => void;
  readout: (row: Point | null, value: number | null) => string; // value: where the cursor is
}

interface Props {
  id: string;
  title: string;
  unit: Unit;
  rightUnit?: Unit;
  least?: number; // the value axis reaches at least so far
  height?: number;
  lines: Line[];
  stacked?: boolean;
  painting?: Painting;
  sight: Sight;
  control?: ComponentChildren; // in the head
  children?: ComponentChildren;
}

const lineWidth = 1.5;
const zoomLeast_s = 2;
const reach_px = 30; // from the cursor to the step it is about

/** Lines with more points than pixels are as thin as can be: others take thirty times as long to paint. */
function setWidths(u: uPlot, points: number): void {
  const width = points > u.width * 2 ? 1 / devicePixelRatio : lineWidth;
  for (const series of u.series.slice(1)) series.width = width;
}

function seriesOf(line: Line, stacked: boolean): uPlot.Series {
  const stroke = () => colour(line.colour);
  return {
    scale: line.right ? "right" : "left",
    stroke, width: stacked ? 0 : lineWidth,
    ...(stacked ? { fill: stroke } : {}),
    points: { size: 4, filter: lonePoints, show: true, stroke, fill: stroke },
  };
}

/** The start of the server; `label` says so where there is room for it. */
function markStart(u: uPlot, at: number | null, label: string): void {
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

/** The first line of a stack is the lowest, so it is drawn last, over the sums behind it. */
function drawOrder<T>(lines: T[], stacked: boolean): T[] {
  return stacked ? [...lines].reverse() : lines;
}

function dataOf({ sight, lines, stacked = false, painting }: Props, hidden: ReadonlySet<string>): uPlot.AlignedData {
  if (painting !== undefined) return [timesOf(sight.rows), sight.rows.map(() => null)];
  const [times, ...columns] = columnsOf(sight.rows, lines, hidden, stacked);
  return [times, ...drawOrder(columns, stacked)];
}

export function Plot(props: Props) {
  const { id, title, rightUnit, height = 190, lines, stacked = false, painting, sight, control, children } = props;
  const words = useTexts(liveTexts);
  const hintId = useId();
  const hidden = useRef(new Set<string>());
  const [, setHidden] = useState(0);
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props); // for the callbacks that uPlot keeps
  latest.current = props;
  const readouts = useRef(new Map<string, HTMLElement>());
  const time = useRef<HTMLElement>(null);
  const spoken = useRef<HTMLElement>(null);

  const drawnRows = useRef<unknown>(null); // what the data of uPlot was made of

  /** The values under the cursor, else the last ones. */
  function showValues(u: uPlot): void {
    const now = latest.current;
    const { rows } = now.sight;
    const left = u.cursor.left ?? -1;
    const at = left >= 0 ? u.cursor.idx : null;
    let row = rows[at ?? rows.length - 1] ?? null;
    if (at != null && row !== null && Math.abs(u.valToPos(row.t / 1000, "x") - left) > reach_px) row = null;
    if (time.current !== null) time.current.textContent = at != null && row !== null ? clockTime(row.t) : "";
    for (const line of now.lines) {
      const place = readouts.current.get(line.key);
      const value = row === null ? undefined : line.value(row);
      if (place !== undefined) place.textContent = valueText(line.right ? now.rightUnit ?? now.unit : now.unit, value);
    }
    const place = readouts.current.get("painting");
    if (place !== undefined && now.painting !== undefined) {
      // Only of the chart under the mouse the height says something.
      const here = at != null && u.over.matches(":hover");
      place.textContent = now.painting.readout(row, here ? u.posToVal(u.cursor.top ?? 0, "left") : null);
    }
  }

  const draw = useRef(() => {
    const u = plot.current;
    if (u === null) return;
    const { sight: now } = latest.current;
    const { min, max } = now.zoom.get() ?? now.whole;
    if (!stacked) setWidths(u, (now.rows.length * (max - min)) / (now.whole.max - now.whole.min));
    u.batch(() => {
      if (drawnRows.current !== now.rows) u.setData(dataOf(latest.current, hidden.current), false);
      drawnRows.current = now.rows;
      u.setScale("x", { min, max });
    });
    showValues(u);
  }).current;

  useLayoutEffect(() => {
    const now = () => latest.current;
    const options: uPlot.Options = {
      width: host.current!.clientWidth || 300,
      height,
      legend: { show: false },
      padding: [8, rightUnit === undefined ? 12 : 0, 0, 0],
      scales: {
        x: { time: true, auto: false },
        left: { range: painting ? () => now().painting!.range : fromZero(props.least ?? 1) },
        ...(rightUnit === undefined ? {} : { right: { range: fromZero(rightUnit === "percent" ? 100 : 1) } }),
      },
      axes: [
        timeAxis(),
        { ...valueAxis("left", (value) => (now().painting?.tick ?? ((v: number) => tickText(now().unit, v)))(value), false),
          ...(painting ? { splits: () => now().painting!.splits } : {}) },
        ...(rightUnit === undefined ? [] : [valueAxis("right", (value) => tickText(rightUnit, value), true)]),
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
        setCursor: [showValues],
        drawClear: [(u) => now().painting?.paint(u)],
        draw: [(u) => markStart(u, now().sight.startedAt, now().painting ? currentTexts(liveTexts).serverStart : "")],
        setSelect: [(u) => {
          const { left, width } = u.select;
          if (width < 4) return;
          const min = u.posToVal(left, "x");
          const max = u.posToVal(left + width, "x");
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (max - min >= zoomLeast_s) now().sight.zoom.set({ min, max });
        }],
      },
    };
    const u = new uPlot(options, [[], ...options.series.slice(1).map(() => [])], host.current!);
    plot.current = u;
    drawnRows.current = null;
    const resized = new ResizeObserver(() => {
      const width = host.current?.clientWidth ?? 0;
      if (width > 0 && width !== u.width) u.setSize({ width, height });
    });
    resized.observe(host.current!);
    const ends = [sight.zoom.subscribe(() => soon(draw)), onColours(() => u.redraw(false))];
    return () => {
      notAnyMore(draw);
      resized.disconnect();
      for (const end of ends) end();
      u.destroy();
      plot.current = null;
    };
  }, [lines.map((line) => line.key).join(), stacked, rightUnit, height]);

  useEffect(() => soon(draw));

  function toggle(key: string): void {
    if (!hidden.current.delete(key)) hidden.current.add(key);
    drawnRows.current = null;
    setHidden(hidden.current.size);
  }

  /** Arrows move the cursor, plus and minus zoom around it. */
  function press(event: KeyboardEvent): void {
    const u = plot.current;
    if (u === null || event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, zoom, whole } = sight;
    const { min, max } = zoom.get() ?? whole;
    const at = u.cursor.idx ?? rows.length - 1;
    const to = at + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0) * (event.shiftKey ? 10 : 1);
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    const center = (row?.t ?? max * 1000) / 1000;
    const reach = (max - min) * ({ "+": 0.25, "=": 0.25, "-": 1 }[event.key] ?? 0);
    if (event.key === "Escape" || event.key === "0") zoom.set(null);
    else if (reach > zoomLeast_s / 2) {
      const next = { min: Math.max(whole.min, center - reach), max: Math.min(whole.max, center + reach) };
      zoom.set(next.min === whole.min && next.max === whole.max ? null : next);
    } else if (to === at || row == null) return;
    else {
      const box = u.over.getBoundingClientRect(); // as the mouse does, so that all charts follow
      u.over.dispatchEvent(new MouseEvent("mousemove", { clientX: box.left + u.valToPos(center, "x"), clientY: box.top + box.height / 2 }));
      const values = [...readouts.current.values()].map((place) => place.parentElement?.textContent);
      spoken.current!.textContent = `${clockTime(row.t)} ${values.join(", ")}`;
    }
    event.preventDefault();
  }

  const readout = (key: string) => (element: HTMLElement | null) => {
    if (element === null) readouts.current.delete(key);
    else readouts.current.set(key, element);
  };
  return (
    <figure class="card chart" data-chart={id}>
      <figcaption><h2>{title}</h2>{control}<span class="soft mono" ref={time} /></figcaption>
      <div class="plot" ref={host} tabIndex={0} role="application" aria-label={title} aria-roledescription={words.chart}
        aria-describedby={hintId} onKeyDown={press} />
      <span id={hintId} class="visually-hidden">{words.chartHint}</span>
      <span class="visually-hidden" aria-live="polite" ref={spoken} />
      {painting === undefined ? (
        <ul class="chart-legend">
          {lines.map((line) => (
            <li key={line.key}>
              <button class="plain" aria-pressed={!hidden.current.has(line.key)} onClick={() => toggle(line.key)}>
                <svg class="swatch-svg" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="3" fill={`var(${line.colour})`} /></svg>
                {line.label} <b ref={readout(line.key)} />
              </button>
            </li>
          ))}
        </ul>
      ) : <p class="chart-readout soft"><span ref={readout("painting")} />{children}</p>}
    </figure>
  );
}
