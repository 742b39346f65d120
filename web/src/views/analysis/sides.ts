// The two sides of a comparison: what can be chosen, and what is chosen first.
import type { Choice, Choices } from "../../api/report";
import { count } from "../../format";
import type { texts } from "./strings";

/** One choice: "version=1.0", or a time span "since=...&until=...", each of these once at most. */
interface SideOption {
  value: string;
  label: string;
}

export interface SideGroup {
  label: string;
  options: SideOption[];
}

const dayMs = 24 * 60 * 60 * 1000;

function daySpan(day: Choice): string {
  const begin = Date.parse(`${day.name}T00:00:00Z`);
  return `since=${begin}&until=${begin + dayMs}`;
}

/** Everything there is, in two parts of as many requests. */
function halves({ days, middle_unix_ms: middle }: Choices): [string, string] | null {
  const first = days[0]?.first_unix_ms;
  const last = days.at(-1)?.last_unix_ms;
  if (first === undefined || last === undefined || middle === null) return null;
  return [`since=${first}&until=${middle}`, `since=${middle}&until=${last + 1}`];
}

export function sideGroups(choices: Choices, words: (typeof texts)["en"]): SideGroup[] {
  const named = (kind: string, all: Choice[]) => all.map((one) => ({
    value: new URLSearchParams({ [kind]: one.name }).toString(),
    label: `${one.name} (${count(one.answered)})`,
  }));
  const times = halves(choices);
  const spans: SideOption[] = [
    { value: "until=1h", label: words.beforeLast["1h"] },
    { value: "since=1h", label: words.last["1h"] },
    { value: "until=1d", label: words.beforeLast["1d"] },
    { value: "since=1d", label: words.last["1d"] },
  ];
  if (times) spans.unshift({ value: times[0], label: words.firstHalf }, { value: times[1], label: words.secondHalf });
  const groups = [
    { label: words.times, options: spans },
    { label: words.versions, options: named("version", choices.versions) },
    { label: words.models, options: named("model", choices.models) },
    { label: words.days, options: choices.days.map((day) => ({ value: daySpan(day), label: `${day.name} (${count(day.answered)})` })) },
  ];
  return groups.filter(({ options }) => options.length > 0);
}

/** The last two versions, else the last two days, else the two halves of all requests. */
export function firstChoice(choices: Choices): [string, string] | null {
  const { versions, days } = choices;
  const lastTwo = <T,>(all: T[]): [T, T] | null => {
    const [a, b] = all.slice(-2);
    return a !== undefined && b !== undefined ? [a, b] : null;
  };
  const version = lastTwo(versions);
  if (version) {
    const [a, b] = version.map(({ name }) => new URLSearchParams({ version: name }).toString());
    return [a!, b!];
  }
  const day = lastTwo(days);
  return day ? [daySpan(day[0]), daySpan(day[1])] : halves(choices);
}

/** "a_since=..." of what a side is. */
export function compareQuery(a: string, b: string, task: string): URLSearchParams {
  const query = new URLSearchParams();
  for (const [side, choice] of [["a", a], ["b", b]] as const)
    for (const [name, value] of new URLSearchParams(choice)) query.set(`${side}_${name}`, value);
  if (task !== "") query.set("task", task);
  return query;
}
