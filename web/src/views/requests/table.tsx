// The requests as a table; a row leads to where the time of its request went.
import { asksQuestions } from "../../api/requests";
import type { Interval, RequestView } from "../../api/requests";
import { clockTime, count, dateTime, milliseconds } from "../../format";
import { useTexts } from "../../i18n";
import { outcomeOf, outcomeTexts } from "../../parts/outcomes";
import { stageClass } from "../../parts/stages";
import { addressOf } from "./filters";
import type { Filters } from "./filters";
import { requestTexts } from "./strings";

/** Of one record: ids may repeat. */
export function nameOf(record: RequestView): string {
  return `${record.request_id} ${record.arrived_unix_ms}`;
}

/** The request's own stages, and in front of its `tasks` those of the task that took longest. */
function stagesOf({ lanes }: RequestView): Interval[] {
  const [own, ...tasks] = lanes;
  const longest = tasks.reduce<typeof own>((best, lane) =>
    (best === undefined || lane.end_ms - lane.begin_ms > best.end_ms - best.begin_ms ? lane : best), undefined);
  return [...(own?.intervals ?? []), ...(longest?.intervals ?? [])];
}

/** As long as the request took, compared with the longest of the table. */
function Bar({ record, longest_ms }: { record: RequestView; longest_ms: number }) {
  const share = (ms: number) => `${longest_ms > 0 ? (ms / longest_ms) * 100 : 0}%`;
  return (
    <svg class="stages-bar" aria-hidden="true" width="100%" height="8">
      {stagesOf(record).map(({ stage, begin_ms, end_ms }, i) => (
        <rect key={i} class={stageClass(stage)} x={share(begin_ms)} width={share(end_ms - begin_ms)} height="8" />
      ))}
    </svg>
  );
}

export function Outcome({ record }: { record: RequestView }) {
  const words = useTexts(outcomeTexts);
  const outcome = outcomeOf(record.status, record.error);
  return <span class={`outcome ${outcome}`}>{record.status} <span>{words[outcome]}</span></span>;
}

/** Of today the time alone. */
function when(unixMs: number): string {
  const today = new Date().toDateString() === new Date(unixMs).toDateString();
  return today ? clockTime(unixMs) : dateTime(unixMs);
}

export function Table({ records, filters }: { records: RequestView[]; filters: Filters }) {
  const words = useTexts(requestTexts);
  const { columns } = words;
  const longest_ms = Math.max(...records.map((record) => record.total_response_time_ms));
  return (
    <table class="requests-table">
      <caption class="visually-hidden">{words.title}</caption>
      <thead>
        <tr>
          <th>{columns.when}</th><th>{columns.result}</th><th>{columns.tasks}</th><th class="wide">{columns.path}</th>
          <th class="number wide">{columns.input}</th><th class="number wide">{columns.firstToken}</th>
          <th class="number wide">{columns.tokens}</th><th class="number">{columns.total}</th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => {
          const tokens = record.tasks.reduce((sum, { counters }) => sum + counters.completion_tokens, 0);
          const first = record.metrics["ttft"];
          return (
            <tr key={nameOf(record)}>
              <td><a href={addressOf(filters, record.request_id)}>{when(record.arrived_unix_ms)}</a></td>
              <td><Outcome record={record} />{record.error !== null && <div class="soft code mono">{record.error}</div>}</td>
              <td class="tasks">
                {record.tasks.map(({ task }) => task).join(", ") || "–"}
                {record.tasks.filter(asksQuestions).map(({ counters }, i) => (
                  <div key={i} class="soft small">{words.asked(count(counters.questions), count(counters.options))}</div>
                ))}
              </td>
              <td class="wide path mono">{record.path || words.unread}</td>
              <td class="number wide">{record.input_chars > 0 ? count(record.input_chars) : "–"}</td>
              <td class="number wide">{first == null ? "–" : milliseconds(first)}</td>
              <td class="number wide">{tokens > 0 ? count(tokens) : "–"}</td>
              <td class="number total"><div><Bar record={record} longest_ms={longest_ms} />{milliseconds(record.total_response_time_ms)}</div></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
