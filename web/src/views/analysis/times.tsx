// A time span from one moment to another, in the reader's own time.
import { useTexts } from "../../i18n";
import { texts } from "./strings";

/** "2026-01-31T12:00" of local time, as the input wants it; empty for what is no moment. */
function inputTime(unixMs: string | null): string {
  if (!isMoment(unixMs)) return "";
  const date = new Date(Number(unixMs));
  date.setMinutes(date.getMinutes() - date.getTimezoneOffset());
  return date.toISOString().slice(0, 16);
}

function unixMs(input: string): string {
  const ms = new Date(input).getTime();
  return Number.isFinite(ms) ? String(ms) : "";
}

/** Ms since 1970, and not "6h" ago. */
export function isMoment(text: string | null): text is string {
  return text !== null && /^\d{1,15}$/.test(text);
}

/** Whether "since" and "until" of it are moments. */
export function isTimes(query: URLSearchParams): boolean {
  const given = [query.get("since"), query.get("until")].filter((one) => one !== null);
  return given.length > 0 && given.every(isMoment);
}

export function Times({ id, span, onChoose }: {
  id: string; span: URLSearchParams; onChoose: (span: [string, string][]) => void;
}) {
  const words = useTexts(texts);
  const choose = (name: "since" | "until", input: string) => {
    const moments = (["since", "until"] as const)
      .map((one): [string, string] => [one, one === name ? unixMs(input) : span.get(one) ?? ""]);
    onChoose(moments.filter(([, moment]) => isMoment(moment)));
  };
  const field = (name: "since" | "until", label: string) => (
    <>
      <label for={`${id}-${name}`}>{label}</label>
      <input id={`${id}-${name}`} type="datetime-local" value={inputTime(span.get(name))}
        onChange={(event) => choose(name, event.currentTarget.value)} />
    </>
  );
  return <div class="field times">{field("since", words.from)}{field("until", words.to)}</div>;
}
