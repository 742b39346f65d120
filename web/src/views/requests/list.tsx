// The last or slowest requests, by filters; new ones come by themselves, but not under the reader's eyes.
import { useEffect, useRef, useState } from "preact/hooks";

import { describeError, isKeyError } from "../../api/http";
import { listRequests } from "../../api/requests";
import type { RequestView } from "../../api/requests";
import { count } from "../../format";
import { useTexts } from "../../i18n";
import { load, save } from "../../storage";
import { useAskAgain } from "../../parts/ask_again";
import { Download } from "../../parts/download";
import { FilterBar } from "./filter_bar";
import { addressOf, isFiltered, limits, queryOf } from "./filters";
import type { Filters } from "./filters";
import { requestTexts } from "./strings";
import { nameOf, Table } from "./table";

const refreshMs = 3_000;

/** Whether a change of the table would take away what somebody looks at, points at or has chosen. */
function isBeingRead(table: HTMLElement | null): boolean {
  if (table === null) return false;
  if (table.getBoundingClientRect().top < 0 || table.matches(":hover") || table.contains(document.activeElement)) return true;
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && table.contains(selection.anchorNode);
}

export function List({ filters }: { filters: Filters }) {
  const words = useTexts(requestTexts);
  const [records, setRecords] = useState<RequestView[] | null>(null);
  const [newer, setNewer] = useState<RequestView[] | null>(null); // what waits to be shown
  const [error, setError] = useState<unknown>(null);
  const [refresh, setRefresh] = useState(() => load<unknown>("requests.refresh", true) !== false);
  const table = useRef<HTMLDivElement>(null);
  const query = queryOf(filters);
  const keysGiven = useAskAgain(error);

  useEffect(() => {
    const ending = new AbortController();
    let timer: number | undefined;
    let shown = false;
    async function ask(): Promise<void> {
      clearTimeout(timer);
      try {
        const next = await listRequests(query, ending.signal);
        setError(null);
        const mayShow = !shown || !isBeingRead(table.current);
        setNewer(mayShow ? null : next);
        if (mayShow) setRecords(next);
        shown = true;
      } catch (failure) {
        if (ending.signal.aborted) return;
        setError(failure);
        if (isKeyError(failure)) return; // until there is another
      }
      if (refresh && !document.hidden) timer = setTimeout(ask, refreshMs);
    }
    function seenAgain(): void {
      if (refresh && !document.hidden) void ask();
    }
    void ask();
    document.addEventListener("visibilitychange", seenAgain);
    return () => {
      ending.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seenAgain);
    };
  }, [query, refresh, keysGiven]);

  const known = new Set(records?.map(nameOf));
  const unseen = newer?.filter((record) => !known.has(nameOf(record))).length ?? 0;
  const limit = Number(filters.limit ?? limits[0]);
  const nextLimit = limits.find((each) => each > limit);

  function change(next: Filters): void {
    location.replace(addressOf(next)); // no step of the browser's history for each field
  }
  function showNewer(): void {
    setRecords(newer);
    setNewer(null);
  }
  return (
    <>
      <h1>{words.title}</h1>
      <FilterBar filters={filters} change={change} />
      {filters.id !== undefined && <p class="soft">{words.withId(filters.id)}</p>}
      <div class="list-head">
        <span class="soft" role="status">{records !== null && words.shown(count(records.length))}</span>
        <label class="refresh"><input type="checkbox" checked={refresh} onChange={(event) => {
          save("requests.refresh", event.currentTarget.checked);
          setRefresh(event.currentTarget.checked);
        }} /> {words.autoRefresh}</label>
        <span class="newer">{unseen > 0 && <button class="primary" onClick={showNewer}>{words.newer(count(unseen))}</button>}</span>
        <Downloads query={(more) => queryOf(filters, more)} />
      </div>
      {error !== null && <p class="error" role="alert">{describeError(error)}</p>}
      {records === null && error === null && <p class="notice">{words.loading}</p>}
      {records?.length === 0 && <p class="card empty soft">{isFiltered(filters) ? words.noneMatch : words.none}</p>}
      {records !== null && records.length > 0 && <div ref={table}><Table records={records} filters={filters} /></div>}
      {nextLimit !== undefined && records !== null && records.length >= limit && (
        <p><button onClick={() => change({ ...filters, limit: String(nextLimit) })}>{words.more}</button></p>
      )}
    </>
  );
}

/** The same records as files; `query` makes the address of a form. */
export function Downloads({ query }: { query: (more: Record<string, string>) => string }) {
  const words = useTexts(requestTexts);
  const link = (text: string, more: Record<string, string>) => <Download path={`/requests${query(more)}`}>{text}</Download>;
  return (
    <span class="downloads" title={words.timelineHint}>{words.download}{" "}
      {link("CSV", { format: "csv" })} {link("JSON", { download: "1" })} {link(words.timeline, { format: "chrome" })}</span>
  );
}
