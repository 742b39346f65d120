// What the server pushes, over one connection for all tabs of the browser.
//
// A browser has six connections to a host for all its tabs, and an event stream holds one as long as
// it is open: six open dashboards would block every other request. So one visible tab, elected in
// leader.ts, holds the stream and passes the events on to the others by a BroadcastChannel. (A
// SharedWorker would do both, but Chrome on Android has none.) A hidden tab takes no part; when
// none is visible there is no stream.
import type { Hello, Point } from "../../api/live";
import { askServerNow } from "../../api/server_state";
import type { SloAnswer } from "../../api/slo";
import { whileLeading } from "./leader";

export type FeedState = "connecting" | "live" | "lost" | "refused";

type FeedEvent =
  | { kind: "state"; state: FeedState }
  | { kind: "hello"; data: Hello }
  | { kind: "slo"; data: SloAnswer }
  | { kind: "point"; data: Point };

const name = "qaio-live";
const firstRetryMs = 500;
const lastRetryMs = 8_000;
const silenceMs = 8_000; // a point comes each second

type End = "lost" | "refused";

/**
 * One connection, until its end; `end.came` says whether it ever brought something.
 *
 * EventSource and not fetch(): it does the framing and the decoding, and no browser counts its
 * endless answer as memory of the page. Its own reconnecting is not used: it has no backoff, and
 * gives up for good when the server answers with an error, as it does who watches when too many do.
 */
function connectOnce(signal: AbortSignal, take: (event: FeedEvent) => void): Promise<{ came: boolean; state: End }> {
  return new Promise((resolve) => {
    const source = new EventSource("/live/events");
    let came = false;
    let watchdog = setTimeout(end, silenceMs);
    function end(): void {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", end);
      const refused = source.readyState === EventSource.CLOSED; // else it would try again
      source.close();
      resolve({ came, state: refused ? "refused" : "lost" });
    }
    signal.addEventListener("abort", end);
    source.onerror = end;
    for (const kind of ["hello", "slo", "point"] as const) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        clearTimeout(watchdog);
        watchdog = setTimeout(end, silenceMs);
        if (!came) take({ kind: "state", state: "live" });
        came = true;
        take({ kind, data: JSON.parse(data) } as FeedEvent);
      });
    }
  });
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

/** Connects again and again, the later the longer it fails. */
async function holdStream(signal: AbortSignal, take: (event: FeedEvent) => void): Promise<void> {
  let retryMs = firstRetryMs;
  while (!signal.aborted) {
    const { came, state } = await connectOnce(signal, take);
    if (signal.aborted) return;
    take({ kind: "state", state });
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
  document.addEventListener("visibilitychange", followVisibility);
  followVisibility();
  return () => {
    document.removeEventListener("visibilitychange", followVisibility);
    end();
  };
}
