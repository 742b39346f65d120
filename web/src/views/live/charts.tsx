// Which charts there are, and what each shows.
import { useMemo, useRef, useState } from "preact/hooks";

import type { Percentiles, Point, StageMeans } from "../../api/live";
import { useTexts } from "../../i18n";
import { outcomeColours, outcomes, outcomeTexts } from "../../parts/outcomes";
import { requestStages, stageClass, stageTexts } from "../../parts/stages";
import type { Line } from "./columns";
import { heatPainting } from "./heatmap";
import { Plot } from "./plot";
import type { Sight } from "./chart";
import { liveTexts } from "./strings";

const taskStages = ["prompt_build", "tokenize", "queue", "prefill", "decode", "score", "output_parse", "unattributed"];

/** As in every other picture of a request; the tasks of a whole one have stages of their own there. */
function stageColour(stage: string): string {
  return stage === "tasks" ? "--accent" : `--${stageClass(stage)}`;
}

const ranks = [["p50", "--stage-prefill"], ["p95", "--stage-queue"], ["p99", "--bad"]] as const;

function rankLines(task: string): Line[] {
  const of = (point: Point): Percentiles | undefined => (task === "" ? point.total : point.tasks[task]);
  return ranks.map(([rank, colour]) => ({ key: `${rank} ${task}`, label: rank, colour, value: (point) => of(point)?.[rank] }));
}

/** The tasks that ran, the one that took most time first. */
function tasksOf(rows: (Point | null)[]): string[] {
  const times = new Map<string, number>();
  for (const row of rows) {
    for (const [name, { count, p50 }] of Object.entries(row?.tasks ?? {})) times.set(name, (times.get(name) ?? 0) + count * p50);
  }
  return [...times].sort(([, m], [, n]) => n - m).map(([name]) => name);
}

export function Charts({ sight, bounds_ms }: { sight: Sight; bounds_ms: number[] }) {
  const words = useTexts(liveTexts);
  const outcomeWords = useTexts(outcomeTexts);
  const stageWords = useTexts(stageTexts);
  const [ranked, rank] = useState(""); // whose latency: a task's; "": that of whole requests
  const [split, setSplit] = useState<string | null>(null); // whose stages; null: nobody chose yet
  const suggested = useRef<string | undefined>(undefined); // stays what it was, or the chart would change under the reader's eyes
  const canvas = useMemo(() => document.createElement("canvas"), []);
  const { rows } = sight;
  const tasks = tasksOf(rows);

  suggested.current ??= tasks[0];
  const staged = split ?? suggested.current ?? "";
  const stages = staged === "" ? requestStages : taskStages;
  const means = (point: Point): StageMeans | undefined => (staged === "" ? point.stages : point.tasks[staged]?.stages);
  const entered = stages.filter((stage) => rows.some((row) => row !== null && means(row)?.[stage] !== undefined));
  const stageLines = (entered.length > 0 ? entered : stages).map((stage) => ({
    key: `${stage} ${staged}`, label: stageWords[stage] ?? stage, colour: stageColour(stage),
    value: (point: Point) => { const of = means(point); return of && (of[stage] ?? 0); },
  }));
  const choice = (label: string, value: string, choose: (task: string) => void) => (
    <select aria-label={`${label}: ${words.of}`} value={value} onChange={(event) => choose(event.currentTarget.value)}>
      <option value="">{words.allRequests}</option>
      {(tasks.includes(value) || value === "" ? tasks : [value, ...tasks]).map((task) => <option key={task} value={task}>{task}</option>)}
    </select>
  );
  const perSecond = (key: string, label: string, colour: string, count: (point: Point) => number): Line =>
    ({ key, label, colour, value: (point) => count(point) / point.s });
  const painting = useMemo(() => heatPainting(rows, bounds_ms, canvas, { requests: words.requests, hint: words.heatHint }),
    [rows, bounds_ms, words]);
  const browser = rows.some((row) => row?.client !== undefined);

  return (
    <section aria-labelledby="charts-title">
      <div class="charts-head">
        <h2 id="charts-title">{words.charts}</h2>
        <span class="soft hint">{words.hint}</span>
      </div>
      <div class="charts">
        <Plot id="throughput" title={words.throughput} unit="per_second" stacked sight={sight}
          lines={outcomes.map((name) => perSecond(name, outcomeWords[name], outcomeColours[name], (point) => point[name]))} />
        <Plot id="latency" title={words.latency} unit="ms" sight={sight}
          control={choice(words.latency, ranked, rank)}
          lines={rankLines(ranked)} />
        <Plot id="stages" title={words.stages} unit="ms" stacked sight={sight}
          control={choice(words.stages, staged, setSplit)} lines={stageLines} />
        <Plot id="tokens" title={words.tokens} unit="ms" sight={sight} lines={[
          { key: "ttft50", label: words.firstToken("p50"), colour: "--stage-prefill", value: (point) => point.ttft?.p50 },
          { key: "ttft95", label: words.firstToken("p95"), colour: "--stage-queue", value: (point) => point.ttft?.p95 },
          { key: "tpot50", label: words.between("p50"), colour: "--stage-decode", value: (point) => point.tpot?.p50 },
          { key: "tpot95", label: words.between("p95"), colour: "--stage-score", value: (point) => point.tpot?.p95 },
        ]} />
        <Plot id="heat" title={words.heat} unit="ms" height={240} lines={[]} sight={sight} painting={painting}>
          <span class="heat-legend" aria-hidden="true">{words.fewer}
            <svg width="120" height="10"><defs><linearGradient id="heat-ramp">
              <stop offset="0" stop-color="var(--accent-soft)" /><stop offset="1" stop-color="var(--accent)" />
            </linearGradient></defs><rect width="120" height="10" rx="3" fill="url(#heat-ramp)" /></svg>
            {words.more}</span>
        </Plot>
        <Plot id="token-rate" title={words.tokenRate} unit="per_second" stacked sight={sight} lines={[
          perSecond("completion", words.completion, "--stage-decode", (point) => point.completion_tokens),
          perSecond("prompt", words.prompt, "--stage-prefill", (point) => point.prompt_tokens - point.cached_tokens),
          perSecond("cached", words.cached, "--stage-prompt", (point) => point.cached_tokens),
        ]} />
        <Plot id="queue" title={words.queue} unit="count" rightUnit="percent" sight={sight} least={4} lines={[
          { key: "running", label: words.running, colour: "--stage-decode", value: (point) => point.running },
          { key: "waiting", label: words.waiting, colour: "--stage-queue", value: (point) => point.waiting },
          { key: "kv", label: words.kvUsed, colour: "--stage-score", right: true, value: kvPercent },
          { key: "cached", label: words.kvCached, colour: "--stage-http", right: true, value: (point) => kvShare(point, point.kv_blocks_cached) },
        ]} />
        <Plot id="machine" title={words.machine} unit="cores" rightUnit="mib" sight={sight} lines={[
          { key: "cpu", label: words.coresUsed, colour: "--stage-prefill", value: (point) => point.cpu_cores },
          { key: "memory", label: words.resident, colour: "--stage-prompt", right: true, value: (point) => point.resident_mib },
        ]} />
        {browser && (
          <Plot id="browser" title={words.browser} unit="ms" stacked sight={sight} lines={(["network", "rendering"] as const).map((part) => (
            { key: part, label: stageWords[part] ?? part, colour: stageColour(part), value: (point) => point.client?.[part] }))} />
        )}
      </div>
    </section>
  );
}

function kvShare({ kv_blocks_total: total }: Point, blocks: number | undefined): number | undefined {
  return blocks === undefined || total === undefined || total === 0 ? undefined : (100 * blocks) / total;
}

/** By running sequences; the prefix cache gives way to them. */
export function kvPercent(point: Point): number | undefined {
  return kvShare(point, point.kv_blocks_used);
}
