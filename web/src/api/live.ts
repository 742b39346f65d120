// The live statistics of the server: steps of time, and the events that bring new ones (docs/http.md).
import type { Outcome } from "../parts/outcomes";
import { getJson } from "./http";

export const ranges = ["10m", "2h", "1d"] as const;
export type Range = (typeof ranges)[number];
export const rangeSeconds: Record<Range, number> = { "10m": 600, "2h": 7200, "1d": 86_400 };

/** In ms. */
export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Means in ms by stage; those of one lane add up to its mean total. */
export type StageMeans = Record<string, number>;

/** What happened in one step of time; what had nothing to measure in it is absent. */
export interface Point extends Record<Outcome, number> {
  t: number; // its end, unix ms
  s: number; // how long it is, in seconds
  requests: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  total?: Percentiles;
  ttft?: Percentiles;
  tpot?: Percentiles;
  stages?: StageMeans;
  heat: [bucket: number, count: number][];
  tasks: Record<string, Percentiles & { stages: StageMeans }>;
  client?: { count: number; network: number; rendering: number };
  running?: number;
  waiting?: number;
  kv_blocks_used?: number;
  kv_blocks_cached?: number;
  kv_blocks_total?: number;
  cpu_cores: number;
  resident_mib: number;
  records_dropped: number;
  dropped_total: number;
  lost_total: number;
}

interface LiveAnswer {
  range: Range;
  step_s: number;
  now_unix_ms: number;
  heat_bounds_ms: number[];
  points: Point[];
}

/** The first event of a stream, and again when the model is there. */
export interface Hello {
  version: string;
  model: string | null;
  started_unix_ms: number;
  now_unix_ms: number;
  heat_bounds_ms: number[];
}

export function getLive(range: Range, signal?: AbortSignal): Promise<LiveAnswer> {
  return getJson<LiveAnswer>(`/live?range=${range}`, signal);
}
