// The points of the shown range: what the server remembers, then what it pushes.
import { useEffect, useRef, useState } from "preact/hooks";

import { getLive, rangeSeconds } from "../../api/live";
import type { Hello, Point, Range } from "../../api/live";
import type { SloAnswer } from "../../api/slo";
import { useAskAgain } from "../../parts/ask_again";
import { openFeed } from "./feed";
import type { FeedState } from "./feed";

const pointsMax = 20_000;
const recentPoints = 60;
const momentMs = 10_000;
const toleranceMs = 500; // between the end of one point and the begin of the next

export function beginOf(point: Point): number {
  return point.t - point.s * 1000;
}

/**
 * `fresh` is what the server knew a moment ago; of `old` remains what came before, as of a server
 * before it, and what was pushed in that moment.
 */
export function merged(old: Point[], fresh: Point[], spanMs: number): Point[] {
  const first = fresh[0];
  const last = fresh[fresh.length - 1];
  if (first === undefined || last === undefined) return old;
  const before = old.filter((point) => point.t <= beginOf(first) + toleranceMs);
  const after = old.filter((point) => point.t > last.t && point.t <= last.t + momentMs);
  const all = [...before, ...fresh, ...after];
  const since = all[all.length - 1]!.t - spanMs;
  return all.filter((point) => point.t > since).slice(-pointsMax);
}

export interface Live {
  range: Range; // that of the points, which may be the one shown before
  points: Point[];
  recent: Point[]; // the last minute by seconds, whatever the range
  bounds_ms: number[]; // of the heat map's buckets
  hello: Hello | null;
  slo: SloAnswer | null;
  state: FeedState;
  restarted_unix_ms: number | null; // since the page looks
  error: unknown; // of the request for the past; null: it was answered
}

const nothing: Live = {
  range: "10m", points: [], recent: [], bounds_ms: [], hello: null, slo: null, state: "connecting",
  restarted_unix_ms: null, error: null,
};

/** How often the server is asked again; the shortest steps are pushed. */
const askAgainMs: Record<Range, number | null> = { "10m": null, "2h": 10_000, "1d": 60_000 };

export function useLive(range: Range): Live {
  const [live, draw] = useState(nothing);
  const keysGiven = useAskAgain(live.error);
  const held = useRef(nothing); // the latest, also between two drawings
  const fetchPast = useRef(() => {});
  const change = (part: Partial<Live>) => draw((held.current = { ...held.current, ...part }));

  useEffect(() => {
    const ending = new AbortController();
    let asking = false;
    let askAgain = false;
    async function ask(): Promise<void> {
      askAgain = asking;
      if (asking || document.hidden) return; // a page that is seen again has a new stream, and asks
      asking = true;
      try {
        const answer = await getLive(range, ending.signal);
        const old = held.current.range === range ? held.current.points : [];
        const points = merged(old, answer.points, rangeSeconds[range] * 1000);
        change({ range, points, bounds_ms: answer.heat_bounds_ms, error: null });
        if (range === "10m") change({ recent: points.slice(-recentPoints) });
      } catch (error) {
        if (ending.signal.aborted) return;
        change({ error });
      }
      asking = false;
      if (askAgain) void ask();
    }
    fetchPast.current = () => void ask();
    const period = askAgainMs[range];
    const timer = period === null ? undefined : setInterval(ask, period);
    void ask();
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [range, keysGiven]);

  useEffect(() => openFeed((event) => {
    if (event.kind === "state") change({ state: event.state });
    if (event.kind === "slo") change({ slo: event.data });
    if (event.kind === "hello") takeHello(event.data);
    if (event.kind === "point") takePoint(event.data);
  }), []);

  function takeHello(hello: Hello): void {
    const before = held.current.hello;
    const restarted = before !== null && before.started_unix_ms !== hello.started_unix_ms;
    change({ hello, bounds_ms: hello.heat_bounds_ms, state: "live" });
    if (restarted) change({ restarted_unix_ms: hello.started_unix_ms });
    fetchPast.current(); // what was missed while there was no stream
  }
  function takePoint(point: Point): void {
    const { points, recent, range: shown } = held.current;
    const last = points[points.length - 1];
    if (point.t > (recent[recent.length - 1]?.t ?? 0)) change({ recent: [...recent, point].slice(-recentPoints) });
    change({ state: "live" });
    if (shown !== "10m" || (last !== undefined && point.t <= last.t)) return; // or it was among those fetched
    if (last !== undefined && beginOf(point) - last.t > toleranceMs) fetchPast.current();
    change({ points: merged(points, [point], rangeSeconds["10m"] * 1000) });
  }
  return live;
}
