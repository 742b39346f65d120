// How values are written: on axes as short as can be, elsewhere with three digits.
import { milliseconds, percent } from "../../format";

export type Unit = "ms" | "per_second" | "count" | "percent" | "cores" | "mib";

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

export function tickText(unit: Unit, value: number): string {
  if (unit === "ms") return value >= 1000 ? `${short(value / 1000)} s` : `${short(value)} ms`;
  if (unit === "mib") return value >= 1024 ? `${short(value / 1024)} GiB` : `${short(value)} MiB`;
  if (unit === "percent") return `${short(value)} %`;
  return short(value);
}

export function valueText(unit: Unit, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (unit === "ms") return milliseconds(value);
  if (unit === "per_second") return `${value < 10 ? value.toFixed(1) : short(Math.round(value))}/s`;
  if (unit === "cores") return value.toFixed(2);
  if (unit === "percent") return percent(value / 100);
  if (unit === "mib") return value >= 10_240 ? `${(value / 1024).toFixed(1)} GiB` : `${value.toFixed(0)} MiB`;
  return short(value);
}
