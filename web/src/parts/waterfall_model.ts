// A record as lanes on one axis of time, and in a few figures.
import type { Interval, RequestView, TaskView } from "../api/requests";

export interface ShownLane {
  name: string;
  task: boolean; // its name is a task's, not one of the page's words
  begin_ms: number;
  end_ms: number;
  intervals: Interval[];
  marks: { name: "first_byte" | "first_token"; at_ms: number }[];
}

/**
 * The lanes with the browser's first. With its times the axis begins when the browser sent the
 * request. Nobody knows how much of the network's time was the way there: half is assumed, as far
 * as the answer's head was not seen earlier.
 */
export function shownLanes(record: RequestView): { lanes: ShownLane[]; end_ms: number } {
  const { client } = record;
  const total = record.total_response_time_ms;
  const shift = client ? Math.min(client.network_ms / 2, client.first_byte_ms) : 0;
  const lanes: ShownLane[] = [];
  if (client) {
    const served = Math.min(shift + total, client.last_byte_ms);
    const all: Interval[] = [
      { stage: "network", begin_ms: 0, end_ms: shift },
      { stage: "server", begin_ms: shift, end_ms: served },
      { stage: "network", begin_ms: served, end_ms: client.last_byte_ms },
      { stage: "rendering", begin_ms: client.last_byte_ms, end_ms: client.done_ms },
    ];
    const marks: ShownLane["marks"] = [{ name: "first_byte", at_ms: client.first_byte_ms }];
    if (client.first_token_ms !== null) marks.push({ name: "first_token", at_ms: client.first_token_ms });
    lanes.push({
      name: "client",
      task: false,
      begin_ms: 0,
      end_ms: client.done_ms,
      intervals: all.filter((interval) => interval.end_ms > interval.begin_ms),
      marks,
    });
  }
  record.lanes.forEach((lane, i) => {
    lanes.push({
      name: lane.lane,
      task: i > 0,
      begin_ms: lane.begin_ms + shift,
      end_ms: lane.end_ms + shift,
      intervals: lane.intervals.map(({ stage, begin_ms, end_ms }) => ({
        stage, begin_ms: begin_ms + shift, end_ms: end_ms + shift,
      })),
      marks: [],
    });
  });
  return { lanes, end_ms: Math.max(0.001, ...lanes.map((lane) => lane.end_ms)) };
}

/** Steps of 1, 2 or 5 times a power of ten, at most `most` of them up to `end`. */
export function ticks(end: number, most: number): number[] {
  const raw = end / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const found: number[] = [];
  for (let i = 0; i * step <= end * 1.0001; ++i) found.push(i * step);
  return found;
}

/** Tokens after the first per second, or null where there are none. */
export function tokensPerSecond({ counters }: TaskView): number | null {
  const { first_token_ms: first, last_token_ms: last, completion_tokens: tokens } = counters;
  if (first === null || last === null || tokens < 2 || last <= first) return null;
  return ((tokens - 1) / (last - first)) * 1000;
}

/** What one line says of a request; small enough to be kept with a conversation. */
export interface Summary {
  wall_ms: number; // as the browser saw it, or the server's time
  server_ms: number;
  network_ms: number | null;
  rendering_ms: number | null;
  first_token_ms: number | null; // painted, or out on the server
  tokens_per_s: number | null;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
}

export function summarize(record: RequestView): Summary {
  const { client, tasks } = record;
  const sum = (of: (task: TaskView) => number) => tasks.reduce((total, task) => total + of(task), 0);
  const speeds = tasks.map(tokensPerSecond).filter((speed) => speed !== null);
  const server_ms = record.total_response_time_ms;
  // Of a stopped request the server notices the end after the browser: then there are no shares.
  const sum_ms = client ? client.network_ms + server_ms + client.rendering_ms : 0;
  const shared = client && sum_ms <= client.done_ms * 1.01 ? client : null;
  return {
    wall_ms: client?.done_ms ?? server_ms,
    server_ms,
    network_ms: shared?.network_ms ?? null,
    rendering_ms: shared?.rendering_ms ?? null,
    first_token_ms: client ? client.first_token_ms : record.metrics["ttft"] ?? null,
    tokens_per_s: speeds.length > 0 ? Math.max(...speeds) : null,
    prompt_tokens: sum((task) => task.counters.prompt_tokens),
    cached_tokens: sum((task) => task.counters.cached_tokens),
    completion_tokens: sum((task) => task.counters.completion_tokens),
  };
}
