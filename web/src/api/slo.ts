// The objectives of the server and how they are kept (docs/slo.md).

export type SloState = "ok" | "pending" | "firing" | "resolved";

interface BurnRate {
  window_s: number;
  rate: number;
  short_window_s?: number;
  short_rate?: number;
  limit?: number;
}

export interface SloRule {
  name: string;
  metric: string;
  task: string | null;
  severity: string;
  condition: string; // when it is broken, in English
  percentile?: number;
  window_s?: number;
  state: SloState;
  since_unix_ms: number;
  verdict: "kept" | "broken" | "too_few";
  alerts: number;
  value: number | null;
  threshold: number;
  unit: "ms" | "ratio" | "burn_rate";
  samples: number;
  min_samples: number;
  error_budget: { objective: number; period_s: number; covered_s: number; good: number; bad: number; remaining: number };
  burn_rates: BurnRate[];
}

export interface SloAnswer {
  rules: SloRule[];
  actions: { name: string; sent: number; failed: number; dropped: number }[];
}
