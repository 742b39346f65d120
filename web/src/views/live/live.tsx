// The operator's dashboard: what the server does now and did before, as it goes on.
import { useEffect, useMemo, useState } from "preact/hooks";

import { describeError, isKeyError } from "../../api/http";
import { rangeSeconds, ranges } from "../../api/live";
import type { Range } from "../../api/live";
import { clockTime, count, dateTime } from "../../format";
import { useTexts } from "../../i18n";
import { createStore, useStore } from "../../store";
import { load, save } from "../../storage";
import { Charts } from "./charts";
import { rowsOf } from "./columns";
import { beginOf, useLive } from "./history";
import type { Live as LiveData } from "./history";
import type { Sight, Span } from "./chart";
import { Alarms, Objectives } from "./slo";
import { liveTexts } from "./strings";
import { Tiles } from "./tiles";

const leastSpan_s = 60;

function keptRange(): Range {
  const kept = load<unknown>("live.range", "10m");
  return ranges.find((range) => range === kept) ?? "10m";
}

/** What happened to the connection, in words. */
function Connection({ live, paused }: { live: LiveData; paused: boolean }) {
  const words = useTexts(liveTexts);
  const { state, hello } = live;
  const said = paused && state === "live" ? words.paused : words.states[state];
  return (
    <p class="connection" role="status">
      <span class={`feed-state ${paused ? "paused" : state}`}>{said}</span>
      {hello !== null && state === "live" && (
        <span class="soft">{hello.version} · {words.since(dateTime(hello.started_unix_ms))}</span>
      )}
      {hello !== null && hello.model === null && <span class="warn">{words.loadingModel}</span>}
      {live.restarted_unix_ms !== null && <span class="warn">{words.restarted(clockTime(live.restarted_unix_ms))}</span>}
    </p>
  );
}

export default function Live() {
  const words = useTexts(liveTexts);
  const [range, setRange] = useState(keptRange);
  const live = useLive(range);
  const [held, hold] = useState<LiveData | null>(null); // what is shown while it is paused
  const zoom = useMemo(() => createStore<Span | null>(null), []);
  const zoomed = useStore(zoom);
  const shown = held ?? live;
  const { points, hello } = shown;
  const started = hello === null ? null : hello.started_unix_ms / 1000;
  const sight: Sight = useMemo(() => {
    const end = (points[points.length - 1]?.t ?? Date.now()) / 1000;
    // Of a server that has just started the little there is fills the charts.
    const first = points[0] === undefined ? end : beginOf(points[0]) / 1000;
    const min = Math.max(end - rangeSeconds[shown.range], Math.min(first, end - leastSpan_s));
    return { rows: rowsOf(points), whole: { min, max: end }, zoom, startedAt: started };
  }, [points, shown.range, started]);
  useEffect(() => zoom.set(null), [shown.range]);

  function chooseRange(next: Range): void {
    save("live.range", next);
    hold(null);
    setRange(next);
  }
  const last = shown.recent[shown.recent.length - 1];
  const denied = isKeyError(live.error);
  const lost = last !== undefined && last.dropped_total + last.lost_total > 0;
  return (
    <div class="live">
      <div class="live-head">
        <h1>{words.title}</h1>
        <Connection live={live} paused={held !== null} />
        {zoomed !== null && (
          <>
            <a href={`#/requests?since=${Math.floor(zoomed.min * 1000)}&until=${Math.ceil(zoomed.max * 1000)}`}>{words.theseRequests}</a>
            <button onClick={() => zoom.set(null)}>{words.resetZoom}</button>
          </>
        )}
        <button aria-pressed={held !== null} onClick={() => hold(held === null ? live : null)}>
          {held === null ? words.pause : words.goOn}
        </button>
        <div class="segments" role="group" aria-label={words.range}>
          {ranges.map((each) => (
            <button key={each} aria-pressed={each === range} onClick={() => chooseRange(each)}>{words.ranges[each]}</button>
          ))}
        </div>
      </div>
      <Alarms slo={live.slo} />
      {lost && <p class="alarm mild" role="status">{words.droppedWarning(count(last.dropped_total), count(last.lost_total))}</p>}
      {denied && <p class="error" role="alert">{describeError(live.error)}</p>}
      {live.error !== null && live.state === "live" && !denied && (
        <p class="error" role="alert">{words.failedPast} {describeError(live.error)}</p>
      )}
      <Tiles recent={shown.recent} />
      <Objectives slo={shown.slo} />
      {points.length === 0 ? <p class="notice">{denied ? "" : words.waitingForData}</p> : <Charts sight={sight} bounds_ms={shown.bounds_ms} />}
    </div>
  );
}
