// The figures of the moment, each with how it was in the last minute.
import type { Point } from "../../api/live";
import { count } from "../../format";
import { useTexts } from "../../i18n";
import { kvPercent } from "./charts";
import { liveTexts } from "./strings";
import { valueText } from "./units";
import type { Unit } from "./units";

const sparkWidth = 100;
const sparkHeight = 24;
const sparkPoints = 60;

function sparkPath(values: (number | undefined)[]): string {
  const max = Math.max(...values.map((value) => value ?? 0));
  if (max <= 0) return "";
  const step = sparkWidth / (sparkPoints - 1);
  let path = "";
  values.forEach((value, i) => {
    if (value === undefined) return;
    const x = (i + sparkPoints - values.length) * step;
    path += `${path === "" ? "M" : "L"}${x.toFixed(1)} ${(sparkHeight - 2 - (value / max) * (sparkHeight - 4)).toFixed(1)}`;
  });
  return path;
}

interface TileProps {
  name: string;
  value: string;
  unit?: string;
  note: string;
  recent: Point[];
  of: (point: Point) => number | undefined;
  alarming?: boolean;
}

function Tile({ name, value, unit, note, recent, of, alarming = false }: TileProps) {
  return (
    <div class={`card tile${alarming ? " alarming" : ""}`}>
      <dt>{name}</dt>
      <dd><b>{value}</b>{unit !== undefined && <span class="soft"> {unit}</span>}</dd>
      <dd class="soft note">{note}</dd>
      <dd class="spark" aria-hidden="true">
        <svg viewBox={`0 0 ${sparkWidth} ${sparkHeight}`} preserveAspectRatio="none"><path d={sparkPath(recent.map(of))} /></svg>
      </dd>
    </div>
  );
}

/** `count` per second over the last ten seconds. */
function rate(recent: Point[], of: (point: Point) => number): number | undefined {
  const last = recent.slice(-10);
  const seconds = last.reduce((sum, point) => sum + point.s, 0);
  return seconds === 0 ? undefined : last.reduce((sum, point) => sum + of(point), 0) / seconds;
}

/** The newest measurement of the last ten seconds: in many a second nothing ends. */
function newest(recent: Point[], of: (point: Point) => number | undefined): number | undefined {
  return recent.slice(-10).reverse().map(of).find((value) => value !== undefined);
}

export function Tiles({ recent }: { recent: Point[] }) {
  const words = useTexts(liveTexts);
  const { notes } = words;
  const last = recent[recent.length - 1];
  const show = (unit: Unit, value: number | undefined) => valueText(unit, value);
  const requests = (point: Point) => point.requests / point.s;
  const tokens = (point: Point) => point.completion_tokens / point.s;
  const p95 = (point: Point) => point.total?.p95;
  const ttft = (point: Point) => point.ttft?.p50;
  const incomplete = (last?.dropped_total ?? 0) + (last?.lost_total ?? 0) > 0;
  const busy = last?.running === undefined ? "–" : `${count(last.running)}, ${count(last.waiting ?? 0)}`;
  const shown: TileProps[] = [
    { name: words.requestsPerSecond, note: notes.requests, of: requests,
      value: show("per_second", rate(recent, (point) => point.requests)), recent },
    { name: words.p95, note: notes.p95, of: p95, value: show("ms", newest(recent, p95)), recent },
    { name: words.ttft, note: notes.ttft, of: ttft, value: show("ms", newest(recent, ttft)), recent },
    { name: words.tokensPerSecond, note: notes.tokens, of: tokens,
      value: show("per_second", rate(recent, (point) => point.completion_tokens)), recent },
    { name: words.runningWaiting, note: notes.running, of: (point) => point.running, value: busy, recent },
    { name: words.kv, note: notes.kv, of: kvPercent, value: show("percent", last && kvPercent(last)), recent },
    { name: words.cpu, note: notes.cpu, of: (point) => point.cpu_cores,
      value: show("cores", last?.cpu_cores), unit: words.cores, recent },
    { name: words.memory, note: notes.memory, of: (point) => point.resident_mib,
      value: show("mib", last?.resident_mib), recent },
    { name: words.dropped, note: notes.dropped, of: (point) => point.records_dropped,
      value: last === undefined ? "–" : count(last.dropped_total + last.lost_total), alarming: incomplete, recent },
  ];
  return <section aria-label={words.tiles}><dl class="tiles">{shown.map((tile) => <Tile key={tile.name} {...tile} />)}</dl></section>;
}
