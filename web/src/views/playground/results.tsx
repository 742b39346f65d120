import { describeError } from "../../api/http";
import { count, milliseconds, probability } from "../../format";
import { useTexts } from "../../i18n";
import { texts } from "./strings";
import type { Outcome, Trial } from "./trial";

const labelsMost = 6;

function Bars({ scores, all }: { scores: Outcome["scores"]; all: boolean }) {
  const labelsShown = all ? scores.length : labelsMost;
  const words = useTexts(texts);
  const best = Math.max(...scores.map(([, share]) => share));
  return (
    <ul class="bars">
      {scores.slice(0, labelsShown).map(([label, share], i) => (
        <li key={`${i} ${label}`} class={share === best ? "best" : undefined}>
          <span class="bar-label" title={label}>{label}</span>
          <span class="bar-track"><i style={{ width: `${share * 100}%` }} /></span>
          <span class="bar-value">{probability(share)}</span>
        </li>
      ))}
      {scores.length > labelsShown && <li class="soft small">{words.more(scores.length - labelsShown)}</li>}
    </ul>
  );
}

function Row({ trial }: { trial: Trial }) {
  const words = useTexts(texts);
  const { state, outcome, error } = trial;
  return (
    <li class="card trial">
      <p class="trial-text">{trial.text}</p>
      {outcome === undefined && state !== "failed" && <p class="soft small">{words.states[state]}</p>}
      {state === "failed" && <p class="error">{describeError(error)}</p>}
      {outcome !== undefined && (
        <>
          {outcome.scores.length > 0 ? <Bars scores={outcome.scores} all={outcome.mean !== null} /> : <p class="verbatim answer">{outcome.answer}</p>}
          <p class="soft small trial-foot">
            {outcome.ms !== null && <b>{milliseconds(outcome.ms)}</b>}
            {outcome.mean !== null && <span>{words.mean(outcome.mean.toFixed(2), outcome.scores.length - 1)}</span>}
            <span>{words.tokens(count(outcome.prompt_tokens), count(outcome.cached_tokens), count(outcome.completion_tokens))}</span>
            {outcome.length_reached && <span>{words.lengthReached}</span>}
            {outcome.request_id !== null && <a href={`#/requests/${encodeURIComponent(outcome.request_id)}`}>{words.details}</a>}
          </p>
        </>
      )}
    </li>
  );
}

function summary(trials: Trial[], words: ReturnType<typeof useTexts<typeof texts.en>>): string | null {
  const done = trials.flatMap(({ outcome }) => outcome ?? []);
  if (done.length === 0) return null;
  const times = done.map(({ ms }) => ms ?? NaN).sort((a, b) => a - b);
  const sum = (of: (one: Outcome) => number) => count(done.reduce((all, one) => all + of(one), 0));
  return words.summary(words.textsHint(done.length), milliseconds(times[Math.floor((times.length - 1) / 2)] ?? NaN),
    sum((one) => one.prompt_tokens), sum((one) => one.cached_tokens));
}

export function Results({ trials }: { trials: Trial[] }) {
  const words = useTexts(texts);
  return (
    <section class="results-list" aria-label={words.results}>
      <h2>{words.results}</h2>
      <p class="soft small">{summary(trials, words) ?? words.nothingYet}</p>
      <ul>{trials.map((trial, i) => <Row key={i} trial={trial} />)}</ul>
    </section>
  );
}
