// Which requests a report is about.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Choices } from "../../api/report";
import { useTexts } from "../../i18n";
import { texts } from "./strings";
import { isTimes, Times } from "./times";

const spanDefault = "last=100";

/** The span that a query holds, by its name in `spans`. */
function spanOf(query: URLSearchParams): string {
  if (isTimes(query)) return "custom";
  if (query.has("since")) return `since=${query.get("since")}`;
  if (query.has("last")) return `last=${query.get("last")}`;
  return query.has("version") || query.has("trend") ? "last=100000" : spanDefault;
}

/** A query with another span: [name, value] of what says it. */
function withSpan(query: URLSearchParams, span: [string, string][]): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const name of ["last", "since", "until"]) next.delete(name);
  for (const [name, value] of span) next.set(name, value);
  return next;
}

function withField(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(query);
  // What was chosen stays so: a version or a trend alone would mean all requests.
  if (!next.has("last") && !next.has("since") && !next.has("until")) next.set("last", "100");
  next.delete(name);
  if (value !== "") next.set(name, value);
  return next;
}

function Select({ id, label, value, options, onChoose }: {
  id: string; label: string; value: string; options: [string, string][]; onChoose: (value: string) => void;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
    </div>
  );
}

export function ReportForm({ query, tasks, choices, onAsk, children }: {
  query: URLSearchParams; tasks: string[]; choices: Choices; onAsk: (query: URLSearchParams) => void;
  children: ComponentChildren;
}) {
  const words = useTexts(texts);
  const [open, setOpen] = useState(false); // times are being chosen
  const span = open ? "custom" : spanOf(query);
  useEffect(() => {
    if (span === "custom") setOpen(true); // also while both fields are empty
  }, [span]);
  const spans = Object.entries(words.spans);
  if (!(span in words.spans)) spans.push([span, span.replace("=", " ")]); // of an address
  const names = (known: string[], chosen: string | null, any: string): [string, string][] => {
    const all = chosen !== null && chosen !== "" && !known.includes(chosen) ? [...known, chosen] : known;
    return [["", any], ...all.map((name): [string, string] => [name, name])];
  };
  const chooseSpan = (next: string) => {
    setOpen(next === "custom");
    if (next === "custom") return;
    onAsk(withSpan(query, [next.split("=") as [string, string]]));
  };
  return (
    <form class="analysis-form" onSubmit={(event) => event.preventDefault()}>
      <Select id="report-span" label={words.which} value={span} options={spans} onChoose={chooseSpan} />
      {span === "custom" && (
        <Times id="report" span={query} onChoose={(times) => onAsk(withSpan(query, times))} />
      )}
      <Select id="report-task" label={words.task} value={query.get("task") ?? ""}
        options={names(tasks, query.get("task"), words.anyTask)}
        onChoose={(task) => onAsk(withField(query, "task", task))} />
      <Select id="report-version" label={words.version} value={query.get("version") ?? ""}
        options={names(choices.versions.map(({ name }) => name), query.get("version"), words.anyVersion)}
        onChoose={(version) => onAsk(withField(query, "version", version))} />
      <Select id="report-trend" label={words.trend} value={query.get("trend") ?? ""}
        options={Object.entries(words.trends)}
        onChoose={(trend) => onAsk(withField(query, "trend", trend))} />
      {children}
    </form>
  );
}
