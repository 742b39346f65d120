// The fields that choose which requests are shown. Each change goes into the address.
import { useEffect, useState } from "preact/hooks";

import { listTasks } from "../../api/tasks";
import { count } from "../../format";
import { useTexts } from "../../i18n";
import { CheckedInput } from "../../parts/checked_input";
import { useLoaded } from "../../parts/loaded";
import { outcomes, outcomeTexts } from "../../parts/outcomes";
import { TimeInput } from "../../parts/time_input";
import { isFiltered } from "./filters";
import type { FilterName, Filters } from "./filters";
import { requestTexts } from "./strings";

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

const charsMax = 1e12; // the server takes some more
const slowMaxMs = 1e9;

/** What an address says; undefined if it is no number. */
function numberOf(text: string | undefined): number | undefined {
  const isNumber = text !== undefined && /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) && Number.isFinite(Number(text));
  return isNumber ? Number(text) : undefined;
}

function NumberField({ name, label, placeholder, filters, least = 0, most = charsMax, step = "1", set }: {
  name: FilterName;
  label: string;
  placeholder?: string;
  filters: Filters;
  least?: number | undefined;
  most?: number | undefined;
  step?: "1" | "any";
  set: (name: FilterName, value: string) => void;
}) {
  const words = useTexts(requestTexts);
  return (
    <CheckedInput id={`requests-${name}`} type="number" min={least} max={most} step={step}
      inputMode={step === "1" ? "numeric" : "decimal"} aria-label={label} placeholder={placeholder}
      text={String(numberOf(filters[name]) ?? "")}
      take={(text) => set(name, text === "" ? "" : String(Number(text)))} // "1e3" is 1000
      problem={({ rangeUnderflow, rangeOverflow }) => {
        if (rangeUnderflow) return words.notBelow(count(least));
        if (rangeOverflow) return words.notAbove(count(most));
        return step === "1" ? words.wholeNumber : words.number;
      }} />
  );
}

export function FilterBar({ filters, change }: { filters: Filters; change: (filters: Filters) => void }) {
  const words = useTexts(requestTexts);
  const outcomeWords = useTexts(outcomeTexts);
  const listed = useLoaded(listTasks, []).loaded;
  const set = (name: FilterName, value: string | undefined) => change({ ...filters, [name]: value ?? "" });
  const fixed = filters.until !== undefined || (filters.since !== undefined && !Object.hasOwn(words.times, filters.since));
  const [open, setOpen] = useState(fixed); // "from … to …" is chosen, also while both fields are empty
  useEffect(() => {
    if (fixed) setOpen(true);
  }, [fixed]);
  const custom = fixed || (open && filters.since === undefined);
  const [cleared, setCleared] = useState(0); // times; what was typed and not taken goes with the fields
  const taskNames = listed.state === "there" ? listed.value.map(({ name }) => name) : []; // else there is less to choose from
  const tasks = [...new Set([...taskNames, "completion"])];

  function chooseTime(value: string): void {
    setOpen(value === "custom");
    if (value === "custom") set("since", String(Date.now() - 3_600_000));
    else change({ ...filters, since: value, until: "" });
  }
  function clear(): void {
    setOpen(false);
    setCleared(cleared + 1);
    change({ sort: filters.sort ?? "" });
  }
  return (
    <form key={cleared} class="filters" noValidate aria-label={words.filters} onSubmit={(event) => event.preventDefault()}>
      <Choice label={words.task} value={filters.task ?? ""} change={(value) => set("task", value)}
        options={[["", words.any], ...tasks.map((name): [string, string] => [name, name])]} />
      <Choice label={words.result} value={filters.status ?? ""} change={(value) => set("status", value)}
        options={[["", words.any], ...outcomes.map((name): [string, string] => [name, outcomeWords[name]]),
          ["4xx", words.clientErrors], ["5xx", words.serverErrors]]} />
      <Choice label={words.time} value={custom ? "custom" : filters.since ?? ""} change={chooseTime}
        options={[["", words.any], ...Object.entries(words.times), ["custom", words.custom]]} />
      {custom && (
        <>
          <TimeInput id="requests-since" label={words.from} unixMs={filters.since} take={(at) => set("since", at)} />
          <TimeInput id="requests-until" label={words.to} unixMs={filters.until} take={(at) => set("until", at)} />
        </>
      )}
      <div class="field" role="group" aria-label={words.chars}><span aria-hidden="true">{words.chars}</span>
        <span class="pair">
          <NumberField name="min_chars" label={`${words.chars} ${words.atLeast}`} placeholder={words.atLeast}
            most={numberOf(filters.max_chars)} filters={filters} set={set} />
          <NumberField name="max_chars" label={`${words.chars} ${words.atMost}`} placeholder={words.atMost}
            least={Math.max(0, numberOf(filters.min_chars) ?? 0)} filters={filters} set={set} />
        </span>
      </div>
      <div class="field"><span aria-hidden="true">{words.slow}</span>
        <NumberField name="slow" label={words.slow} most={slowMaxMs} step="any" filters={filters} set={set} /></div>
      <Choice label={words.sort} value={filters.sort ?? "newest"} change={(value) => set("sort", value === "newest" ? "" : value)}
        options={[["newest", words.newest], ["slowest", words.slowest]]} />
      {isFiltered(filters) && <button type="button" class="plain" onClick={clear}>{words.reset}</button>}
    </form>
  );
}
