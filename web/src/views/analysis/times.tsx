// A time span from one moment to another, in the reader's own time.
import { useTexts } from "../../i18n";
import { isMoment } from "../../parts/local_time";
import { TimeInput } from "../../parts/time_input";
import { texts } from "./strings";

/** Whether "since" and "until" of it are moments. */
export function isTimes(query: URLSearchParams): boolean {
  const given = [query.get("since"), query.get("until")].filter((one) => one !== null);
  return given.length > 0 && given.every(isMoment);
}

/** `needed`: one of the two must remain. */
export function Times({ id, span, needed = false, onChoose }: {
  id: string; span: URLSearchParams; needed?: boolean; onChoose: (span: [string, string][]) => void;
}) {
  const words = useTexts(texts);
  const choose = (name: "since" | "until", moment: string | undefined) => {
    const moments = (["since", "until"] as const)
      .map((one): [string, string] => [one, (one === name ? moment : span.get(one)) ?? ""]);
    onChoose(moments.filter(([, each]) => isMoment(each)));
  };
  const field = (name: "since" | "until", other: "since" | "until", label: string) => (
    <TimeInput id={`${id}-${name}`} label={label} unixMs={span.get(name)}
      required={needed && isMoment(span.get(name)) && !isMoment(span.get(other))} take={(moment) => choose(name, moment)} />
  );
  return <div class="field times">{field("since", "until", words.from)}{field("until", "since", words.to)}</div>;
}
