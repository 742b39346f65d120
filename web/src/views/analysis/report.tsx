// The report: what it means, then the pictures.
import { getChoices, getReport } from "../../api/report";
import type { Chart, LengthPlot, Report } from "../../api/report";
import { listTasks } from "../../api/tasks";
import { count, dateTime, milliseconds, percent } from "../../format";
import { language, useTexts } from "../../i18n";
import { useLoaded } from "../../parts/loaded";
import { useStore } from "../../store";
import { ask } from "./address";
import { Failure } from "./failure";
import { Figure, RequestLink } from "./figure";
import { Findings } from "./findings";
import { ReportForm } from "./report_form";
import { texts } from "./strings";

const findingsFrom = 20; // answered requests: docs/report.md

/** "0.42", "6.4", "64", "1,234". */
function rate(perSecond: number): string {
  return perSecond >= 9.95 ? count(perSecond) : perSecond.toPrecision(2);
}

function Outliers({ plot }: { plot: LengthPlot }) {
  const words = useTexts(texts);
  if (plot.outliers.length === 0) return null;
  const hidden = plot.outliers_all - plot.outliers.length;
  return (
    <ul class="small outliers" aria-label={words.outliers}>
      <li aria-hidden="true">{words.outliers}</li>
      {plot.outliers.map((one, i) => (
        <li key={i}><RequestLink id={one.request_id} /> ({one.beyond_ms < 0 ? "−" : "+"}{milliseconds(Math.abs(one.beyond_ms))})</li>
      ))}
      {hidden > 0 && <li>{words.more(hidden)}</li>}
    </ul>
  );
}

function Trend({ report, chart, by }: { report: Report; chart: Chart; by: string }) {
  const words = useTexts(texts);
  const groups = report.trend ?? [];
  const changes = report.changes ?? [];
  return (
    <section>
      <h2>{words.trendTitle}</h2>
      <Figure chart={chart} />
      {changes.length === 0 ? <p>{words.noChange}</p> : (
        <ul>
          {changes.map((change, i) => (
            <li key={i}>{words.changed(change.measure, milliseconds(change.before_ms), milliseconds(change.after_ms),
              dateTime(change.arrived_unix_ms))} <RequestLink id={change.request_id} /></li>
          ))}
        </ul>
      )}
      {(report.changes_left_out ?? 0) > 0 && <p class="soft">{words.changesLeftOut(report.changes_left_out ?? 0)}</p>}
      <div class="scroll" tabIndex={0} role="group" aria-label={words.trendTitle}>
        <table>
          <thead><tr><th>{by}</th><th class="number">{words.requestCount}</th><th class="number">{words.median}</th>
            <th class="number">{words.interval}</th><th class="number">{words.p95}</th></tr></thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.label}><td>{group.label}</td><td class="number">{count(group.count)}</td>
                <td class="number">{milliseconds(group.p50_ms)}</td>
                <td class="number">{milliseconds(group.p50_low_ms)} – {milliseconds(group.p50_high_ms)}</td>
                <td class="number">{milliseconds(group.p95_ms)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Answered({ report, query }: { report: Report; query: URLSearchParams }) {
  const words = useTexts(texts);
  const chart = (name: string) => report.charts.find((one) => one.name === name);
  const draw = (name: string) => {
    const found = chart(name);
    return found && <Figure chart={found} />;
  };
  const trend = chart("trend");
  const lengths = report.lengths.flatMap((plot) => {
    const found = chart(`length.${plot.task}.${plot.stage}`);
    return found ? [{ plot, chart: found }] : [];
  });
  return (
    <>
      <p class="soft overview">
        <span>{words.overview(count(report.requests), count(report.answered), dateTime(report.first_unix_ms), dateTime(report.last_unix_ms))}</span>
        <span>{words.rates(rate(report.throughput.requests_s), rate(report.throughput.output_tokens_s),
          percent(report.throughput.cached_share))}</span>
      </p>
      <section>
        <h2>{words.findings}</h2>
        {report.answered < findingsFrom && <p class="notice">{words.fewForFindings(report.answered)}</p>}
        <Findings findings={report.findings} />
      </section>
      {trend && <Trend report={report} chart={trend} by={query.get("trend") === "version" ? words.version : words.day} />}
      <section>
        <h2>{words.pictures}</h2>
        {draw("shares")}
        {draw("timeline")}
      </section>
      <section>
        <h2>{words.lengths}</h2>
        {lengths.length === 0 && <p class="notice">{words.noLengths}</p>}
        {lengths.map((one) => <Figure key={one.chart.name} chart={one.chart}><Outliers plot={one.plot} /></Figure>)}
      </section>
      <section>
        <h2>{words.stages}</h2>
        {draw("stages")}
      </section>
      <section>
        <h2>{words.slowest}</h2>
        {report.slowest.map((one, i) => {
          const found = chart(`slowest.${i + 1}`);
          return found && (
            <Figure key={i} chart={found}>
              <p class="small"><RequestLink id={one.request_id} /> · {milliseconds(one.total_ms)}</p>
            </Figure>
          );
        })}
      </section>
    </>
  );
}

function Result({ report, query }: { report: Report; query: URLSearchParams }) {
  const words = useTexts(texts);
  if (report.requests === 0) {
    if (query.toString() !== "") return <p class="notice">{words.noneChosen}</p>;
    return <p class="notice">{words.noRequests} <a href="#/chat">{words.toChat}</a></p>;
  }
  if (report.answered === 0) return <p class="notice">{words.noneAnswered(report.requests)}</p>;
  return <Answered report={report} query={query} />;
}

export function ReportView({ query }: { query: URLSearchParams }) {
  const words = useTexts(texts);
  const shownLanguage = useStore(language);
  const key = query.toString();
  const { loaded, busy, again } = useLoaded((signal) => getReport(query, shownLanguage, signal), [key, shownLanguage]);
  // What there is to choose from; without it the form offers what the address holds.
  const choices = useLoaded((signal) => getChoices(signal), []).loaded;
  const tasks = useLoaded((signal) => listTasks(signal), []).loaded;
  return (
    <div aria-busy={busy}>
      <ReportForm query={query} onAsk={ask}
        tasks={tasks.state === "there" ? tasks.value.map(({ name }) => name) : []}
        choices={choices.state === "there" ? choices.value : { versions: [], models: [], days: [], middle_unix_ms: null }}>
        <button type="button" disabled={busy} onClick={again}>{words.refresh}</button>
        <p class="working" role="status">{busy ? words.working : ""}</p>
      </ReportForm>
      {loaded.state === "failed" && <Failure error={loaded.error} again={again} />}
      {loaded.state === "there" && <Result report={loaded.value} query={query} />}
    </div>
  );
}
