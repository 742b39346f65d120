// All that is known of one request.
import type { ComponentChildren } from "preact";

import { ApiError, describeError } from "../../api/http";
import { getRequest } from "../../api/requests";
import type { RequestView, TaskView } from "../../api/requests";
import { count, dateTime, milliseconds, percent } from "../../format";
import { useTexts } from "../../i18n";
import { useLoaded } from "../../parts/loaded";
import { requestStages, stageClass, stageTexts } from "../../parts/stages";
import { Waterfall } from "../../parts/waterfall";
import { addressOf, queryOf } from "./filters";
import type { Filters } from "./filters";
import { Downloads } from "./list";
import { requestTexts } from "./strings";
import { Outcome } from "./table";

function figureText(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (name === "cpu_usage") return value.toFixed(2);
  if (name === "memory_usage") return `${value.toFixed(0)} MiB`;
  return milliseconds(value);
}

function Figures({ title, children }: { title: string; children: ComponentChildren }) {
  return <section class="card"><h2>{title}</h2><dl class="figures">{children}</dl></section>;
}

function Figure({ name, children }: { name: string; children: ComponentChildren }) {
  return <><dt>{name}</dt><dd>{children}</dd></>;
}

function Stages({ record }: { record: RequestView }) {
  const words = useTexts(requestTexts);
  const stages = useTexts(stageTexts);
  const total = record.total_response_time_ms;
  return (
    <section class="card"><h2>{words.requestStages}</h2>
      <table>
        <tbody>
          {requestStages.map((stage) => {
            const ms = record.breakdown[stage] ?? 0;
            return (
              <tr key={stage}><td><i class={`swatch ${stageClass(stage)}`} />{stages[stage] ?? stage}</td>
                <td class="number">{milliseconds(ms)}</td><td class="number soft">{total > 0 ? percent(ms / total) : "–"}</td></tr>
            );
          })}
          <tr><th scope="row">{words.columns.total} <span class="soft small">({words.stagesSum})</span></th>
            <td class="number"><b>{milliseconds(total)}</b></td><td /></tr>
        </tbody>
      </table>
    </section>
  );
}

function counterText(name: string, value: number | null): string {
  if (value === null) return "–";
  return name.endsWith("_ms") ? milliseconds(value) : count(value);
}

function Counters({ tasks }: { tasks: TaskView[] }) {
  const words = useTexts(requestTexts);
  const names = Object.keys(tasks[0]?.counters ?? {}) as (keyof TaskView["counters"])[];
  const result = ({ label, score }: TaskView) => (label === null ? "–" : score === null ? label : `${label} (${percent(score)})`);
  return (
    <section class="card"><h2>{words.tasksTable}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.tasksTable}>
        <table>
          <thead><tr><th />{tasks.map((task, i) => <th key={i} scope="col" class="number">{task.task}</th>)}</tr></thead>
          <tbody>
            <tr><th scope="row">{words.ended}</th>
              {tasks.map((task, i) => <td key={i} class="number">{task.error ?? task.finish_reason ?? "–"}</td>)}</tr>
            {tasks.some((task) => task.label !== null) && (
              <tr><th scope="row">{words.label}</th>{tasks.map((task, i) => <td key={i} class="number">{result(task)}</td>)}</tr>
            )}
            {tasks.some((task) => task.prompt_version !== null) && (
              <tr><th scope="row" title="prompt_version">{words.names["prompt_version"]}</th>
                {tasks.map((task, i) => <td key={i} class="number">{task.prompt_version ?? "–"}</td>)}</tr>
            )}
            {names.map((name) => (
              <tr key={name}><th scope="row" title={name}>{words.names[name] ?? name}</th>
                {tasks.map((task, i) => <td key={i} class="number">{counterText(name, task.counters[name])}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Record({ record, filters }: { record: RequestView; filters: Filters }) {
  const words = useTexts(requestTexts);
  const { process, client, trace } = record;
  const facts = ["input_chars", "input_tokens", "requests_ahead", "history_dropped"] as const;
  return (
    <>
      <p class="facts"><Outcome record={record} /> <span class="mono">{record.method} {record.path || words.unread}</span>
        {" "}<span class="soft">{words.arrived} {dateTime(record.arrived_unix_ms)}</span></p>
      {record.error !== null && (
        <p class="card problem">{words.errors[record.error] ?? ""} <span class="mono soft">{record.error}</span></p>
      )}
      {(record.same_id ?? 0) > 0 && (
        <p class="soft">{words.sameId(count(record.same_id!))} <a href={addressOf({ id: record.request_id })}>{words.showThem}</a></p>
      )}
      <section class="card"><h2>{words.waterfall}</h2><Waterfall record={record} /></section>
      <div class="cards">
        <Stages record={record} />
        <Figures title={words.metrics}>
          {Object.entries(record.metrics).map(([name, value]) => (
            <Figure key={name} name={words.names[name] ?? name}>{figureText(name, value)}</Figure>
          ))}
        </Figures>
        {client && (
          <Figures title={words.client}>
            {Object.entries(client).map(([name, value]) => (
              <Figure key={name} name={words.names[name] ?? name}>{value === null ? "–" : milliseconds(value)}</Figure>
            ))}
          </Figures>
        )}
        <Figures title={words.request}>
          {facts.map((name) => <Figure key={name} name={words.names[name] ?? name}>{count(record[name])}</Figure>)}
          {trace !== null && <Figure name={words.trace}><span class="mono">{trace.trace_id}</span></Figure>}
        </Figures>
        <Figures title={words.process}>
          {Object.entries(process).map(([name, value]) => (
            <Figure key={name} name={words.names[name] ?? name}>{counterText(name, value)}</Figure>
          ))}
        </Figures>
      </div>
      {record.tasks.length > 0 && <Counters tasks={record.tasks} />}
      <p class="soft"><Downloads query={(more) => downloadQuery(record, filters, more)} />
        <br />{words.timelineHint}</p>
    </>
  );
}

/** The list's own forms, of this request alone; ids may repeat, moments hardly do. */
function downloadQuery(record: RequestView, { limit }: Filters, more: Record<string, string>): string {
  const since = record.arrived_unix_ms;
  return queryOf({ id: record.request_id, since: String(since), until: String(since + 1), limit: limit ?? "" }, more);
}

export function Detail({ id, filters }: { id: string; filters: Filters }) {
  const words = useTexts(requestTexts);
  const { loaded } = useLoaded((signal) => getRequest(id, signal), [id]);
  const error = loaded.state === "failed" ? loaded.error : undefined;
  return (
    <div class="request">
      <p class="back"><a href={addressOf(filters)}>← {words.back}</a></p>
      <h1 class="mono">{id}</h1>
      {loaded.state === "working" && <p class="notice">{words.loading}</p>}
      {error !== undefined && (
        <p class="error" role="alert">{error instanceof ApiError && error.status === 404 ? words.gone : describeError(error)}</p>
      )}
      {loaded.state === "there" && <Record record={loaded.value} filters={filters} />}
    </div>
  );
}
