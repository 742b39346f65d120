// What the server pushes, over one connection for all tabs of the browser.
//
// A browser has six connections to a host for all its tabs, and an event stream holds one as long as
// it is open: six open dashboards would block every other request. So one visible tab, elected in
// leader.ts, holds the stream and passes the events on to the others by a BroadcastChannel. (A
// SharedWorker would do both, but Chrome on Android has none.) A hidden tab takes no part; when
// none is visible there is no stream.
import { ApiError, call, isKeyError } from "../../api/http";
import { apiKey } from "../../api/key";
import type { Hello, Point } from "../../api/live";
import { askServerNow } from "../../api/server_state";
import type { SloAnswer } from "../../api/slo";
import { readEvents } from "../../api/sse";
import { whileLeading } from "./leader";

export type FeedState = "connecting" | "live" | "lost" | "refused" | "denied";

type FeedEvent =
  | { kind: "state"; state: FeedState }
  | { kind: "hello"; data: Hello }
  | { kind: "slo"; data: SloAnswer }
  | { kind: "point"; data: Point };

const firstRetryMs = 500;
const lastRetryMs = 8_000;
const silenceMs = 8_000; // a point comes each second

type End = Exclude<FeedState, "connecting" | "live">;

function endOf(error: unknown): End {
  if (isKeyError(error)) return "denied";
  return error instanceof ApiError && error.status > 0 ? "refused" : "lost";
}

/**
 * One connection, until its end; `came` says whether it ever brought something.
 *
 * fetch() and not EventSource, which sends no key, has no backoff, and gives up for good when the
 * server answers with an error, as it does who watches when too many do.
 */
async function connectOnce(signal: AbortSignal, take: (event: FeedEvent) => void): Promise<{ came: boolean; state: End }> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end);
  let watchdog: number | undefined;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(end, silenceMs);
  };
  let came = false;
  let state: End = "lost";
  try {
    const request = { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: ending.signal } as const;
    const response = await call("/live/events", request, { onSend: watch });
    await readEvents(response.body!, ({ event, data }) => {
      watch();
      if (!came) take({ kind: "state", state: "live" });
      came = true;
      if (event === "hello" || event === "slo" || event === "point") take({ kind: event, data: JSON.parse(data) } as FeedEvent);
    });
  } catch (error) {
    state = endOf(error);
  }
  clearTimeout(watchdog);
  signal.removeEventListener("abort", end);
  end();
  return { came, state };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

/** Tabs share a stream if they have the same key: another key may be allowed other things. */
function sharedName(): string {
  let hash = 0;
  for (const char of apiKey.get()?.text ?? "") hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  return `qaio-live-${hash}`;
}

/** Connects again and again, the later the longer it fails. */
async function holdStream(signal: AbortSignal, take: (event: FeedEvent) => void): Promise<void> {
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    const { came, state } = await connectOnce(signal, take);
    if (signal.aborted) return;
    take({ kind: "state", state });
    if (state === "denied") return untilAborted(signal); // with another key the feed begins anew
    askServerNow();
    retryMs = came ? firstRetryMs : Math.min(retryMs * 2, lastRetryMs);
    await pause(retryMs * (0.8 + 0.4 * Math.random()), signal); // not all browsers at the same moment
  }
}

/** Calls `listener` with what the server pushes while this tab is visible; returns what ends that. */
export function openFeed(listener: (event: FeedEvent) => void): () => void {
  let turn: AbortController | null = null; // of the time in which the tab is visible

  function begin(): void {
    turn = new AbortController();
    const { signal } = turn;
    const name = sharedName();
    const channel = new BroadcastChannel(name);
    let latest: Partial<Record<FeedEvent["kind"], FeedEvent>> | null = null; // of the leader: for who joins
    channel.onmessage = ({ data }: MessageEvent<FeedEvent | "joins">) => {
      if (data !== "joins") return listener(data);
      for (const event of Object.values(latest ?? {})) if (event.kind !== "point") channel.postMessage(event);
    };
    channel.postMessage("joins");
    whileLeading(name, signal, async (term) => {
      latest = {};
      await holdStream(term, (event) => {
        latest![event.kind] = event;
        channel.postMessage(event);
        listener(event);
      });
      latest = null;
    });
    signal.addEventListener("abort", () => channel.close());
  }
  function end(): void {
    turn?.abort();
    turn = null;
  }
  function followVisibility(): void {
    if (document.hidden) end();
    else if (turn === null) begin();
  }
  function beginAnew(): void {
    end();
    followVisibility();
  }
  document.addEventListener("visibilitychange", followVisibility);
  const leaveKey = apiKey.subscribe(beginAnew);
  followVisibility();
  return () => {
    document.removeEventListener("visibilitychange", followVisibility);
    leaveKey();
    end();
  };
}
