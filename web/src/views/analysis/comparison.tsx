// Two versions or time spans: is B slower, by how much, and could it be chance?
import { useEffect, useState } from "preact/hooks";

import { getChoices, getComparison } from "../../api/report";
import type { Choices, Comparison, Side } from "../../api/report";
import { listTasks } from "../../api/tasks";
import { count, dateTime, milliseconds } from "../../format";
import { language, useTexts } from "../../i18n";
import { useLoaded } from "../../parts/loaded";
import { useStore } from "../../store";
import { ask } from "./address";
import { Failure } from "./failure";
import { Figure } from "./figure";
import { compareQuery, firstChoice, sideGroups } from "./sides";
import type { SideGroup } from "./sides";
import { texts, verdictTexts } from "./strings";
import { isTimes, Times } from "./times";

function SideSelect({ id, label, value, groups, onChoose }: {
  id: string; label: string; value: string; groups: SideGroup[]; onChoose: (value: string) => void;
}) {
  const words = useTexts(texts);
  const [open, setOpen] = useState(false); // times are being chosen
  const known = groups.some(({ options }) => options.some((option) => option.value === value));
  const span = new URLSearchParams(value);
  const custom = open || (!known && isTimes(span));
  useEffect(() => {
    if (custom) setOpen(true); // also when what is typed becomes one of the offered spans
  }, [custom]);
  const choose = (next: string) => {
    setOpen(next === "custom");
    if (next !== "custom") onChoose(next);
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={custom ? "custom" : value} onChange={(event) => choose(event.currentTarget.value)}>
        {!known && !custom && <option value={value}>{value}</option>}
        {groups.map((group) => (
          <optgroup key={group.label} label={group.label}>
            {group.options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
          </optgroup>
        ))}
        <option value="custom">{words.spans["custom"]}</option>
      </select>
      {custom && (
        <Times id={id} span={span} needed onChoose={(times) => {
          if (times.length > 0) onChoose(new URLSearchParams(times).toString());
        }} />
      )}
    </div>
  );
}

function Sides({ comparison }: { comparison: Comparison }) {
  const words = useTexts(texts);
  const row = (name: string, side: Side) => (
    <tr><th scope="row">{name}</th><td>{side.versions.join(", ")}</td><td>{side.models.join(", ")}</td>
      <td class="number">{count(side.requests)}</td><td class="number">{count(side.answered)}</td>
      <td>{side.first_unix_ms === null ? "" : dateTime(side.first_unix_ms)}</td>
      <td>{side.last_unix_ms === null ? "" : dateTime(side.last_unix_ms)}</td></tr>
  );
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.side}>
      <table>
        <thead><tr><th>{words.side}</th><th>{words.version}</th><th>{words.model}</th><th class="number">{words.requestCount}</th>
          <th class="number">{words.answeredCount}</th><th>{words.first}</th><th>{words.lastRequest}</th></tr></thead>
        <tbody>{row("A", comparison.a)}{row("B", comparison.b)}</tbody>
      </table>
    </div>
  );
}

function signedPercent(relative: number): string {
  const value = relative * 100;
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(Math.abs(value) < 99.95 ? 1 : 0)} %`;
}

function Measures({ comparison }: { comparison: Comparison }) {
  const words = useTexts(texts);
  const verdicts = useTexts(verdictTexts);
  return (
    <details>
      <summary>{words.allFigures}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.allFigures}>
        <table>
          <thead><tr><th>{words.measure}</th><th class="number">A p50</th><th class="number">B p50</th><th class="number">{words.change}</th>
            <th class="number">{words.interval}</th><th class="number">A p95</th><th class="number">B p95</th>
            <th class="number">{words.change}</th><th>{words.verdict}</th></tr></thead>
          <tbody>
            {comparison.measures.map((one) => {
              const shown = one.verdict !== "too few";
              return (
                <tr key={one.name}><th scope="row">{one.name}</th>
                  <td class="number">{milliseconds(one.a.median_ms)}</td><td class="number">{milliseconds(one.b.median_ms)}</td>
                  <td class="number">{shown && signedPercent(one.change)}{shown && one.at_equal_tokens && "*"}</td>
                  <td class="number">{one.change_interval && `${signedPercent(one.change_interval[0])} … ${signedPercent(one.change_interval[1])}`}</td>
                  <td class="number">{milliseconds(one.a.p95_ms)}</td><td class="number">{milliseconds(one.b.p95_ms)}</td>
                  <td class="number">{shown && signedPercent(one.p95_change)}</td><td>{verdicts[one.verdict]}</td></tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {comparison.measures.some((one) => one.at_equal_tokens) && <p class="small soft">{words.equalTokens}</p>}
    </details>
  );
}

const tones: Partial<Record<Comparison["verdict"], string>> = { slower: "bad", worse: "bad", faster: "good", better: "good" };

function Result({ comparison }: { comparison: Comparison }) {
  const words = useTexts(texts);
  return (
    <section>
      <p class={`verdict card ${tones[comparison.verdict] ?? ""}`}>{comparison.sentence}</p>
      {comparison.verdict === "too few" && <p class="notice">{words.fewToCompare}</p>}
      <Sides comparison={comparison} />
      {comparison.notes.map((note, i) => <p key={i} class="soft">{note}</p>)}
      {comparison.charts.map((chart) => <Figure key={chart.name} chart={chart} />)}
      {comparison.measures.length > 0 && <Measures comparison={comparison} />}
    </section>
  );
}

function Chosen({ choices, query }: { choices: Choices; query: URLSearchParams }) {
  const words = useTexts(texts);
  const shownLanguage = useStore(language);
  const tasks = useLoaded((signal) => listTasks(signal), []).loaded;
  const first = firstChoice(choices) ?? ["until=1h", "since=1h"];
  const a = query.get("a") ?? first[0];
  const b = query.get("b") ?? first[1];
  const task = query.get("task") ?? "";
  const { loaded, busy, again } = useLoaded(
    (signal) => getComparison(compareQuery(a, b, task), shownLanguage, signal), [a, b, task, shownLanguage]);
  const groups = sideGroups(choices, words);
  const choose = (field: "a" | "b" | "task", value: string) => {
    const next = new URLSearchParams({ mode: "compare", a, b, task, [field]: value });
    if (next.get("task") === "") next.delete("task");
    ask(next);
  };
  const names = tasks.state === "there" ? tasks.value.map(({ name }) => name) : [];
  if (task !== "" && !names.includes(task)) names.push(task);
  return (
    <div aria-busy={busy}>
      <form class="analysis-form" onSubmit={(event) => event.preventDefault()}>
        <SideSelect id="compare-a" label={words.a} value={a} groups={groups} onChoose={(value) => choose("a", value)} />
        <SideSelect id="compare-b" label={words.b} value={b} groups={groups} onChoose={(value) => choose("b", value)} />
        <div class="field">
          <label for="compare-task">{words.task}</label>
          <select id="compare-task" value={task} onChange={(event) => choose("task", event.currentTarget.value)}>
            <option value="">{words.anyTask}</option>
            {names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </div>
        <button type="button" disabled={busy} onClick={again}>{words.refresh}</button>
        <p class="working" role="status">{busy ? words.working : ""}</p>
      </form>
      {a === b && <p class="notice">{words.chooseOther}</p>}
      {loaded.state === "failed" && <Failure error={loaded.error} again={again} />}
      {loaded.state === "there" && a !== b && <Result comparison={loaded.value} />}
    </div>
  );
}

export function ComparisonView({ query }: { query: URLSearchParams }) {
  const words = useTexts(texts);
  const { loaded, again } = useLoaded((signal) => getChoices(signal), []);
  if (loaded.state === "working") return <p class="notice" role="status">{words.working}</p>;
  if (loaded.state === "failed") return <Failure error={loaded.error} again={again} />;
  if (loaded.value.days.length === 0)
    return <p class="notice">{words.noRequests} <a href="#/chat">{words.toChat}</a></p>;
  return <Chosen choices={loaded.value} query={query} />;
}
