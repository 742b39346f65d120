// The fields that choose which requests are shown. Each change goes into the address.
import { useEffect, useState } from "preact/hooks";

import { getJson } from "../../api/http";
import { useTexts } from "../../i18n";
import { outcomes, outcomeTexts } from "../../parts/outcomes";
import { fromLocalInput, toLocalInput } from "./filters";
import type { FilterName, Filters } from "./filters";
import { requestTexts } from "./strings";

function useTaskNames(): string[] {
  const [names, setNames] = useState<string[]>([]);
  useEffect(() => {
    const ending = new AbortController();
    getJson<{ tasks: { name: string }[] }>("/v1/tasks", ending.signal)
      .then(({ tasks }) => setNames(tasks.map(({ name }) => name)), () => {}); // then there is less to choose from
    return () => ending.abort();
  }, []);
  return names;
}

/** A choice that also holds what an address says beside the offered values. */
function Choice({ label, value, options, change }: {
  label: string;
  value: string;
  options: [value: string, text: string][];
  change: (value: string) => void;
}) {
  const known = options.some(([each]) => each === value);
  return (
    <label>{label}
      <select value={value} onChange={(event) => change(event.currentTarget.value)}>
        {!known && <option value={value}>{value}</option>}
        {options.map(([each, text]) => <option key={each} value={each}>{text}</option>)}
      </select>
    </label>
  );
}

/** The value goes into the address when the field is left or Enter is pressed. */
function NumberField({ label, placeholder, value, change }: {
  label: string;
  placeholder?: string;
  value: string | undefined;
  change: (value: string) => void;
}) {
  return (
    <input type="number" min="0" inputMode="numeric" aria-label={label} placeholder={placeholder} value={value ?? ""}
      onChange={(event) => change(event.currentTarget.value)} />
  );
}

export function FilterBar({ filters, change }: { filters: Filters; change: (filters: Filters) => void }) {
  const words = useTexts(requestTexts);
  const outcomeWords = useTexts(outcomeTexts);
  const taskNames = useTaskNames();
  const set = (name: FilterName, value: string | undefined) => change({ ...filters, [name]: value ?? "" });
  const fixed = [filters.since, filters.until].some((at) => at !== undefined && !(at in words.times));
  const [custom, setCustom] = useState(fixed);
  useEffect(() => setCustom(fixed), [fixed]);
  const tasks = [...new Set([...taskNames, "completion"])];

  function chooseTime(value: string): void {
    setCustom(value === "custom");
    if (value === "custom") set("since", String(Date.now() - 3_600_000));
    else change({ ...filters, since: value, until: "" });
  }
  const chosen = Object.keys(filters).some((name) => name !== "sort" && name !== "limit");
  return (
    <form class="filters" aria-label={words.filters} onSubmit={(event) => event.preventDefault()}>
      <Choice label={words.task} value={filters.task ?? ""} change={(value) => set("task", value)}
        options={[["", words.any], ...tasks.map((name): [string, string] => [name, name])]} />
      <Choice label={words.result} value={filters.status ?? ""} change={(value) => set("status", value)}
        options={[["", words.any], ...outcomes.map((name): [string, string] => [name, outcomeWords[name]]),
          ["4xx", words.clientErrors], ["5xx", words.serverErrors]]} />
      <Choice label={words.time} value={custom ? "custom" : filters.since ?? ""} change={chooseTime}
        options={[["", words.any], ...Object.entries(words.times), ["custom", words.custom]]} />
      {custom && (
        <>
          <label>{words.from}
            <input type="datetime-local" step="1" value={toLocalInput(filters.since)}
              onChange={(event) => set("since", fromLocalInput(event.currentTarget.value))} /></label>
          <label>{words.to}
            <input type="datetime-local" step="1" value={toLocalInput(filters.until)}
              onChange={(event) => set("until", fromLocalInput(event.currentTarget.value))} /></label>
        </>
      )}
      <div class="field" role="group" aria-label={words.chars}><span aria-hidden="true">{words.chars}</span>
        <span class="pair">
          <NumberField label={`${words.chars} ${words.atLeast}`} placeholder={words.atLeast} value={filters.min_chars}
            change={(value) => set("min_chars", value)} />
          <NumberField label={`${words.chars} ${words.atMost}`} placeholder={words.atMost} value={filters.max_chars}
            change={(value) => set("max_chars", value)} />
        </span>
      </div>
      <div class="field"><span aria-hidden="true">{words.slow}</span>
        <NumberField label={words.slow} value={filters.slow} change={(value) => set("slow", value)} /></div>
      <Choice label={words.sort} value={filters.sort ?? "newest"} change={(value) => set("sort", value === "newest" ? "" : value)}
        options={[["newest", words.newest], ["slowest", words.slowest]]} />
      {chosen && <button type="button" class="plain" onClick={() => change({ sort: filters.sort ?? "" })}>{words.reset}</button>}
    </form>
  );
}
