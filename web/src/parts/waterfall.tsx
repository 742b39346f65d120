// Where the time of one request went: its lanes and stages to scale.
import { useMemo, useRef, useState } from "preact/hooks";

import { asksQuestions } from "../api/requests";
import type { Interval, RequestView, TaskView } from "../api/requests";
import { count, milliseconds, percent } from "../format";
import { defineTexts, useTexts } from "../i18n";
import { stageClass, stageTexts } from "./stages";
import { shownLanes, ticks, tokensPerSecond } from "./waterfall_model";
import type { ShownLane, Summary } from "./waterfall_model";

const texts = defineTexts(
  {
    plot: "Stages of the request",
    hint: "Point at a stage, or use the arrow keys.",
    table: "As a table",
    lane: "Lane",
    stage: "Stage",
    begin: "Begin",
    end: "End",
    time: "Time",
    first_byte: "first byte",
    first_token: "first token painted",
    halves: "The network's time is drawn half before and half after the server's.",
    dropped: (missing: number) => `${missing} more stages had no place in the record.`,
    tokensPerSecond: (speed: string) => `${speed} tok/s`,
    prompt: (tokens: string, cached: string) => `${tokens} prompt tokens, ${cached} of them cached`,
    cached: (cached: string, tokens: string) => `${cached}/${tokens} cached`,
    completion: (tokens: string) => `${tokens} generated`,
    asked: (questions: string, labels: string) => `${questions} question${questions === "1" ? "" : "s"}, ${labels} labels`,
    firstToken: (time: string) => `first token ${time}`,
    longestGap: (time: string) => `longest gap ${time}`,
    batch: (mean: string) => `${mean} sequences per step`,
    server: (share: string) => `server ${share}`,
    network: (share: string) => `network ${share}`,
    rendering: (share: string) => `rendering ${share}`,
  },
  {
    plot: "请求的各个阶段",
    hint: "指向一个阶段，或使用方向键。",
    table: "以表格显示",
    lane: "泳道",
    stage: "阶段",
    begin: "开始",
    end: "结束",
    time: "用时",
    first_byte: "首字节",
    first_token: "首个词元已显示",
    halves: "网络用时按前后各一半画出。",
    dropped: (missing: number) => `另有 ${missing} 个阶段未能记入。`,
    tokensPerSecond: (speed: string) => `${speed} 词元/秒`,
    prompt: (tokens: string, cached: string) => `提示词 ${tokens} 词元，其中缓存 ${cached}`,
    cached: (cached: string, tokens: string) => `提示词缓存 ${cached}/${tokens}`,
    completion: (tokens: string) => `生成 ${tokens} 词元`,
    asked: (questions: string, labels: string) => `${questions} 个问题，${labels} 个标签`,
    firstToken: (time: string) => `首词元 ${time}`,
    longestGap: (time: string) => `最长间隔 ${time}`,
    batch: (mean: string) => `每步 ${mean} 个序列`,
    server: (share: string) => `服务器 ${share}`,
    network: (share: string) => `网络 ${share}`,
    rendering: (share: string) => `渲染 ${share}`,
  },
);

const rowHeight = 30;
const barHeight = 16;
const axisHeight = 20;

function speedText(speed: number): string {
  return speed < 10 ? speed.toFixed(1) : count(speed);
}

/** "335 ms · 52 tok/s · 64/95 cached · first token 58 ms · server 94 % · network 1 % · …" */
export function SummaryLine({ summary }: { summary: Summary }) {
  const words = useTexts(texts);
  const parts = [milliseconds(summary.wall_ms)];
  if (summary.tokens_per_s !== null) parts.push(words.tokensPerSecond(speedText(summary.tokens_per_s)));
  if (summary.prompt_tokens > 0) parts.push(words.cached(count(summary.cached_tokens), count(summary.prompt_tokens)));
  if (summary.first_token_ms !== null) parts.push(words.firstToken(milliseconds(summary.first_token_ms)));
  const { network_ms: network, rendering_ms: rendering, wall_ms: wall } = summary;
  if (network !== null && rendering !== null && wall > 0) {
    parts.push(words.server(percent(summary.server_ms / wall)), words.network(percent(network / wall)),
      words.rendering(percent(rendering / wall)));
  }
  return <span class="summary-line">{parts.map((part) => <span key={part}>{part}</span>)}</span>;
}

function TaskFacts({ task }: { task: TaskView }) {
  const words = useTexts(texts);
  const { counters } = task;
  const speed = tokensPerSecond(task);
  const steps = counters.prefill_steps + counters.decode_steps;
  const facts = [words.prompt(count(counters.prompt_tokens), count(counters.cached_tokens))];
  if (counters.completion_tokens > 0) facts.push(words.completion(count(counters.completion_tokens)));
  if (asksQuestions(task)) facts.push(words.asked(count(counters.questions), count(counters.options)));
  if (speed !== null) facts.push(words.tokensPerSecond(speedText(speed)), words.longestGap(milliseconds(counters.gap_max_ms)));
  if (steps > 0 && counters.batch_max > 1) facts.push(words.batch((counters.batch_sum / steps).toFixed(1)));
  return <li><b>{task.task}</b> {facts.join(" · ")}</li>;
}

/** The stages in the order of first appearance. Their times, of those that one lane alone has: tasks
 * run side by side, and adding up their times would count some of it twice. */
function legend(lanes: ShownLane[]): { stage: string; ms: number | null }[] {
  const found = new Map<string, { lane: ShownLane; ms: number | null }>();
  for (const lane of lanes) {
    for (const { stage, begin_ms, end_ms } of lane.intervals) {
      const known = found.get(stage);
      if (known === undefined) found.set(stage, { lane, ms: end_ms - begin_ms });
      else if (known.lane !== lane) known.ms = null;
      else if (known.ms !== null) known.ms += end_ms - begin_ms;
    }
  }
  return [...found].map(([stage, { ms }]) => ({ stage, ms }));
}

function Table({ lanes, laneName }: { lanes: ShownLane[]; laneName: (lane: ShownLane) => string }) {
  const words = useTexts(texts);
  const stages = useTexts(stageTexts);
  return (
    <details class="waterfall-table">
      <summary>{words.table}</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr><th>{words.lane}</th><th>{words.stage}</th><th class="number">{words.begin}</th>
              <th class="number">{words.end}</th><th class="number">{words.time}</th></tr>
          </thead>
          <tbody>
            {lanes.map((lane, l) => lane.intervals.map((interval, i) => (
              <tr key={`${l} ${i}`}>
                <td>{laneName(lane)}</td><td>{stages[interval.stage] ?? interval.stage}</td>
                <td class="number">{milliseconds(interval.begin_ms)}</td>
                <td class="number">{milliseconds(interval.end_ms)}</td>
                <td class="number">{milliseconds(interval.end_ms - interval.begin_ms)}</td>
              </tr>
            )))}
            {lanes.map((lane) => lane.marks.map((mark) => (
              <tr key={mark.name}><td>{laneName(lane)}</td><td>{words[mark.name]}</td>
                <td class="number">{milliseconds(mark.at_ms)}</td><td /><td /></tr>
            )))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface Place {
  lane: number;
  interval: number;
}

/** The interval at this moment of the lane, or the one nearest to it. */
function nearest(intervals: Interval[], at_ms: number): number {
  const distance = ({ begin_ms, end_ms }: Interval) => Math.max(begin_ms - at_ms, at_ms - end_ms, 0);
  let best = 0;
  intervals.forEach((interval, i) => {
    if (distance(interval) <= distance(intervals[best]!)) best = i;
  });
  return best;
}

function Plot({ lanes, end_ms, chosen, choose, valueText }: {
  lanes: ShownLane[];
  end_ms: number;
  chosen: Place | null;
  choose: (place: Place | null) => void;
  valueText: string;
}) {
  const words = useTexts(texts);
  const plot = useRef<HTMLDivElement>(null);
  const places = lanes.flatMap((lane, i) => lane.intervals.map((_, j) => ({ lane: i, interval: j })));
  const at = chosen === null ? -1 : places.findIndex((place) => place.lane === chosen.lane && place.interval === chosen.interval);
  const x = (ms: number) => `${Math.min(100, (ms / end_ms) * 100)}%`;

  function point(event: PointerEvent): void {
    const box = plot.current!.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top - axisHeight) / rowHeight);
    const lane = lanes[Math.min(Math.max(row, 0), lanes.length - 1)];
    if (lane === undefined || lane.intervals.length === 0) return choose(null);
    const at_ms = ((event.clientX - box.left) / box.width) * end_ms;
    choose({ lane: lanes.indexOf(lane), interval: nearest(lane.intervals, at_ms) });
  }
  function step(event: KeyboardEvent): void {
    const last = places.length - 1;
    const next: Record<string, number> = {
      ArrowRight: Math.min(at + 1, last), ArrowDown: Math.min(at + 1, last),
      ArrowLeft: Math.max(at - 1, 0), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last,
    };
    const to = next[event.key];
    if (event.key === "Escape") choose(null);
    if (to === undefined) return;
    event.preventDefault();
    choose(places[to] ?? null);
  }
  const height = axisHeight + lanes.length * rowHeight;
  const marks = ticks(end_ms, 5);
  return (
    <div ref={plot} class="waterfall-plot" role="slider" tabIndex={0} aria-label={words.plot}
      aria-valuemin={1} aria-valuemax={places.length} aria-valuenow={Math.max(at, 0) + 1} aria-valuetext={valueText}
      onPointerMove={point} onPointerDown={point} onKeyDown={step}
      onPointerLeave={() => document.activeElement !== plot.current && choose(null)}>
      <svg width="100%" height={height} aria-hidden="true">
        {marks.map((ms) => (
          <g key={ms}>
            <line class="grid" x1={x(ms)} x2={x(ms)} y1={axisHeight - 4} y2={height} />
            <text class="tick" x={x(ms)} y={axisHeight - 8}
              text-anchor={ms === 0 ? "start" : ms / end_ms > 0.93 ? "end" : "middle"}>{tickText(ms, end_ms)}</text>
          </g>
        ))}
        {lanes.map((lane, i) => {
          const y = axisHeight + i * rowHeight + (rowHeight - barHeight) / 2;
          return (
            <g key={i}>
              <rect class="track" x={x(lane.begin_ms)} width={x(lane.end_ms - lane.begin_ms)} y={y} height={barHeight} rx="3" />
              {lane.intervals.map((interval, j) => (
                <rect key={j} y={y} height={barHeight} x={x(interval.begin_ms)} width={x(interval.end_ms - interval.begin_ms)}
                  class={`bar ${stageClass(interval.stage)}${chosen?.lane === i && chosen.interval === j ? " chosen" : ""}`} />
              ))}
              {lane.marks.map((mark) => (
                <line key={mark.name} class={`mark ${mark.name}`} x1={x(mark.at_ms)} x2={x(mark.at_ms)} y1={y - 4} y2={y + barHeight + 4} />
              ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** In the unit of the axis's end, so that ticks are easily compared. */
function tickText(ms: number, end_ms: number): string {
  if (ms === 0) return "0";
  const [value, unit] = end_ms >= 2000 ? [ms / 1000, "s"] : [ms, "ms"];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

export function Waterfall({ record }: { record: RequestView }) {
  const words = useTexts(texts);
  const stages = useTexts(stageTexts);
  const [chosen, setChosen] = useState<Place | null>(null);
  // A pointer moves many times within one interval.
  const choose = (to: Place | null) => setChosen((now) => (now?.lane === to?.lane && now?.interval === to?.interval ? now : to));
  const { lanes, end_ms } = useMemo(() => shownLanes(record), [record]);
  const laneName = (lane: ShownLane) => (lane.task ? lane.name : stages[lane.name] ?? lane.name);
  const table = useMemo(() => <Table lanes={lanes} laneName={laneName} />, [lanes, stages]);
  const lane = chosen === null ? undefined : lanes[chosen.lane];
  const interval = chosen === null ? undefined : lane?.intervals[chosen.interval];
  const { client } = record;
  const dropped = record.lanes.reduce((sum, each) => sum + each.dropped_intervals, 0);
  let said = words.hint;
  if (lane !== undefined && interval !== undefined) {
    const { stage, begin_ms, end_ms: end } = interval;
    said = `${laneName(lane)} · ${stages[stage] ?? stage}: ${milliseconds(end - begin_ms)} ` +
      `(${milliseconds(begin_ms)} – ${milliseconds(end)})`;
  }
  return (
    <div class="waterfall">
      <div class="waterfall-lanes">
        <ul class="lane-names" aria-hidden="true">
          {lanes.map((each, i) => <li key={i} title={laneName(each)}>{laneName(each)}</li>)}
        </ul>
        <Plot lanes={lanes} end_ms={end_ms} chosen={chosen} choose={choose} valueText={said} />
      </div>
      <p class="waterfall-said">{said}</p>
      <ul class="legend">
        {legend(lanes).map(({ stage, ms }) => (
          <li key={stage}><i class={`swatch ${stageClass(stage)}`} />{stages[stage] ?? stage} {ms !== null && <span>{milliseconds(ms)}</span>}</li>
        ))}
        {client && <li><i class="swatch-mark first_byte" />{words.first_byte} <span>{milliseconds(client.first_byte_ms)}</span></li>}
        {client && client.first_token_ms !== null && (
          <li><i class="swatch-mark first_token" />{words.first_token} <span>{milliseconds(client.first_token_ms)}</span></li>
        )}
      </ul>
      <ul class="task-facts">{record.tasks.map((task) => <TaskFacts key={task.task} task={task} />)}</ul>
      {client && <p class="soft small">{words.halves}</p>}
      {dropped > 0 && <p class="soft small">{words.dropped(dropped)}</p>}
      {table}
    </div>
  );
}
