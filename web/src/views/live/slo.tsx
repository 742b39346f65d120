// How the objectives are kept: what fires stands first.
import type { SloAnswer, SloRule, SloState } from "../../api/slo";
import { clockTime, count, dateTime, milliseconds, percent } from "../../format";
import { useTexts } from "../../i18n";
import { liveTexts } from "./strings";

const urgency: Record<SloState, number> = { firing: 0, pending: 1, resolved: 2, ok: 3 };

function byUrgency(rules: SloRule[]): SloRule[] {
  const order = (rule: SloRule) => urgency[rule.state] + (rule.verdict === "broken" ? 0 : 0.5);
  return [...rules].sort((a, b) => order(a) - order(b));
}

function quantity(rule: SloRule, value: number): string {
  if (rule.unit === "ms") return milliseconds(value);
  return rule.unit === "ratio" ? percent(value) : value.toFixed(1);
}

/** "5m", as the configuration writes it. */
function duration(seconds: number): string {
  const units: [number, string][] = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  const [size, name] = units.find(([each]) => seconds >= each && seconds % each === 0) ?? [1, "s"];
  return `${Number((seconds / size).toPrecision(3))}${name}`;
}

/** The server's sentence is English; the same from the rule's parts where the page speaks another language. */
function useCondition(rule: SloRule): string {
  const { conditions } = useTexts(liveTexts);
  if (conditions === null) return rule.condition;
  const window = duration(rule.window_s ?? 0);
  const limit = quantity(rule, rule.threshold);
  if (rule.unit === "ms") return conditions.time(rule.task ?? "", rule.metric, rule.percentile ?? 0, window, limit);
  if (rule.unit === "ratio") return conditions.errors(rule.task ?? "", window, limit);
  return conditions.burn(rule.burn_rates.map((burn) => ({
    windows: [burn.window_s, burn.short_window_s ?? burn.window_s].map(duration), limit: String(burn.limit ?? limit) })));
}

function since(unixMs: number): string {
  return Date.now() - unixMs < 86_400_000 / 2 ? clockTime(unixMs) : dateTime(unixMs);
}

function Meter({ share, state, label }: { share: number; state: "good" | "warn" | "bad"; label: string }) {
  const filled = Math.max(0, Math.min(1, share)) * 100;
  return (
    <svg class={`meter ${state}`} viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="track" width="100" height="6" rx="1.5" /><rect class="filled" width={filled} height="6" rx="1.5" />
    </svg>
  );
}

function Rule({ rule }: { rule: SloRule }) {
  const words = useTexts(liveTexts);
  const condition = useCondition(rule);
  const { error_budget: budget, value, threshold } = rule;
  const left = budget.remaining;
  const over = rule.verdict === "broken";
  const valueText = value === null ? "–" : quantity(rule, value);
  return (
    <li class={`card slo ${rule.state}`}>
      <h3>{rule.name}{" "}<span class={`chip ${rule.state}`}>{words.sloStates[rule.state]}</span></h3>
      <p class="soft small">{condition}</p>
      <dl>
        <dt>{words.value}</dt>
        <dd>
          <b class={over ? "bad" : ""}>{valueText}</b> <span class="soft">{words.limit(quantity(rule, threshold))}</span>
          <Meter share={threshold > 0 ? (value ?? 0) / threshold : over ? 1 : 0} state={over ? "bad" : "good"}
            label={`${words.value} ${valueText}`} />
        </dd>
        <dt>{words.budget}</dt>
        <dd>
          <b class={left <= 0 ? "bad" : left < 0.25 ? "warn" : ""}>{left < 0 ? words.overspent(percent(1 - left)) : percent(left)}</b>{" "}
          <span class="soft">{words.budgetOf(percent(budget.objective), count(budget.bad), count(budget.good + budget.bad))}</span>
          <Meter share={left} state={left <= 0 ? "bad" : left < 0.25 ? "warn" : "good"} label={`${words.budget} ${percent(left)}`} />
        </dd>
        <dt title={words.burnHint}>{words.burn}</dt>
        <dd>
          {rule.burn_rates.map((burn) => (
            <span class="burn" key={burn.window_s}>
              <b class={burn.limit !== undefined && burn.rate > burn.limit ? "bad" : ""}>{burn.rate.toFixed(1)}</b>{" "}
              <span class="soft">{words.burnOver(duration(burn.window_s))}</span>
              {burn.short_rate !== undefined && burn.short_window_s !== undefined && (
                <>{" · "}<b class={burn.limit !== undefined && burn.short_rate > burn.limit ? "bad" : ""}>{burn.short_rate.toFixed(1)}</b>{" "}
                  <span class="soft">{words.burnOver(duration(burn.short_window_s))}</span></>
              )}
              {burn.limit !== undefined && <span class="soft">{" · "}{words.limit(String(burn.limit))}</span>}
            </span>
          ))}
        </dd>
      </dl>
      <p class="soft small">{words.verdicts[rule.verdict]} · {words.stateSince(since(rule.since_unix_ms))}
        {rule.alerts > 0 && <> · {words.alerts(rule.alerts)}</>}</p>
    </li>
  );
}

function Alarm({ rule }: { rule: SloRule }) {
  const words = useTexts(liveTexts);
  const condition = useCondition(rule);
  return (
    <p class="alarm"><b>{words.firing(rule.name, since(rule.since_unix_ms))}</b>{" "}
      <span>{condition}</span>
      {/* It changes all the time, and a change of an alert is read aloud. */}
      <span aria-hidden="true">{rule.value !== null && words.nowIs(quantity(rule, rule.value))}</span></p>
  );
}

/** One line for each rule that fires, above everything else. */
export function Alarms({ slo }: { slo: SloAnswer | null }) {
  const firing = slo?.rules.filter((rule) => rule.state === "firing") ?? [];
  return <div role="alert">{firing.map((rule) => <Alarm key={rule.name} rule={rule} />)}</div>;
}

export function Objectives({ slo }: { slo: SloAnswer | null }) {
  const words = useTexts(liveTexts);
  if (slo === null) return null;
  const untold = slo.actions.reduce((sum, action) => sum + action.failed + action.dropped, 0);
  return (
    <section aria-labelledby="slo-title">
      <h2 id="slo-title">{words.slo}</h2>
      {untold > 0 && <p class="warn">{words.notTold(count(untold))}</p>}
      <ul class="slos">{byUrgency(slo.rules).map((rule) => <Rule key={rule.name} rule={rule} />)}</ul>
    </section>
  );
}
