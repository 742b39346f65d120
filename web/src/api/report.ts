// Reports and comparisons of what the server served (docs/http.md, "The report").
import type { Language } from "../i18n";
import { getJson } from "./http";

/** `svg` is made by the server and has classes of src/report/charts.css only. */
export interface Chart {
  name: string;
  title: string;
  caption: string;
  svg: string;
}

export interface Finding {
  id: string;
  found: boolean; // false: it was looked for and is not there
  meaning: string;
  advice: string; // empty: nothing to do
  statement: string;
  evidence: string[];
}

interface Outlier {
  request_id: string;
  tokens: number;
  ms: number;
  beyond_ms: number;
}

export interface LengthPlot {
  task: string;
  stage: "prefill" | "decode";
  outliers: Outlier[];
  outliers_all: number;
}

interface TrendGroup {
  label: string;
  count: number;
  p50_ms: number;
  p50_low_ms: number;
  p50_high_ms: number;
  p95_ms: number;
}

interface TrendChange {
  label: string;
  measure: string;
  arrived_unix_ms: number;
  request_id: string;
  before_ms: number;
  after_ms: number;
  p: number;
}

export interface Report {
  requests: number;
  answered: number;
  first_unix_ms: number;
  last_unix_ms: number;
  throughput: { requests_s: number; output_tokens_s: number; cached_share: number };
  findings: Finding[];
  lengths: LengthPlot[];
  slowest: { request_id: string; total_ms: number }[];
  trend?: TrendGroup[];
  changes?: TrendChange[];
  changes_left_out?: number;
  charts: Chart[];
}

export type Verdict = "faster" | "slower" | "better" | "worse" | "no difference" | "too few" | "not tested";

export interface Side {
  source: string;
  versions: string[];
  models: string[];
  first_unix_ms: number | null;
  last_unix_ms: number | null;
  requests: number;
  answered: number;
}

interface MeasureComparison {
  name: string;
  verdict: Verdict;
  a: { median_ms: number; p95_ms: number };
  b: { median_ms: number; p95_ms: number };
  change: number;
  change_interval: [number, number] | null;
  p95_change: number;
  at_equal_tokens: boolean;
}

export interface Comparison {
  verdict: Verdict;
  stage: string | null;
  sentence: string;
  a: Side;
  b: Side;
  notes: string[];
  measures: MeasureComparison[];
  charts: Chart[];
}

export interface Choice {
  name: string;
  requests: number;
  answered: number;
  first_unix_ms: number;
  last_unix_ms: number;
}

export interface Choices {
  versions: Choice[];
  models: Choice[];
  days: Choice[];
  middle_unix_ms: number | null; // as many arrived before as since then
}

export function getReport(query: URLSearchParams, language: Language, signal: AbortSignal): Promise<Report> {
  return getJson(`/report?${query}&format=json&charts=1&lang=${language}`, signal);
}

export function getChoices(signal?: AbortSignal): Promise<Choices> {
  return getJson("/compare", signal);
}

export function getComparison(query: URLSearchParams, language: Language, signal: AbortSignal): Promise<Comparison> {
  return getJson(`/compare?${query}&charts=1&lang=${language}`, signal);
}
