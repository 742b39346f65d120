// Runs a task on texts, a few at a time.
import { jsonOf, post } from "../../api/http";
import { bodyOf, pathOf } from "./code";
import { isQuestion } from "./definition";
import type { Definition } from "./definition";

export interface Outcome {
  answer: string; // the likeliest label, or the text
  scores: [label: string, probability: number][]; // likeliest first, levels of a scale in their order; of labels only
  mean: number | null; // of a scale: the expected level, from 0
  ms: number | null; // on the server
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  length_reached: boolean;
  request_id: string | null;
}

export interface Trial {
  text: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  outcome?: Outcome;
  error?: unknown;
}

export const textsMax = 200;
const atOnce = 4;

interface Completion {
  choices: [{ message: { content: string }; finish_reason: string; scores?: Record<string, number> }];
  usage: { prompt_tokens: number; completion_tokens: number; prompt_tokens_details?: { cached_tokens: number } };
}

interface Decisions {
  answers: [{
    probability?: number;
    score?: number;
    probabilities?: { value: string | number; label?: string; probability: number }[];
  }];
  usage: { input_tokens: number; input_tokens_details?: { cached_tokens: number } };
}

type Answered = Omit<Outcome, "ms" | "request_id">;

function ofCompletion({ choices: [choice], usage }: Completion): Answered {
  return {
    answer: choice.message.content,
    scores: Object.entries(choice.scores ?? {}).sort(([, a], [, b]) => b - a),
    mean: null,
    prompt_tokens: usage.prompt_tokens,
    cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    completion_tokens: usage.completion_tokens,
    length_reached: choice.finish_reason === "length",
  };
}

function ofDecisions({ answers: [{ probability, score, probabilities }], usage }: Decisions): Answered {
  const scores: Outcome["scores"] = probabilities?.map((one) => [one.label ?? String(one.value), one.probability]) ??
    [["yes", probability ?? NaN], ["no", 1 - (probability ?? NaN)]];
  if (score === undefined) scores.sort(([, a], [, b]) => b - a);
  return {
    answer: "",
    scores,
    mean: score ?? null,
    prompt_tokens: usage.input_tokens,
    cached_tokens: usage.input_tokens_details?.cached_tokens ?? 0,
    completion_tokens: 0,
    length_reached: false,
  };
}

async function runOne(task: Definition, text: string, signal: AbortSignal): Promise<Outcome> {
  const response = await post(pathOf(task), bodyOf(task, text), { signal });
  const answered = isQuestion(task) ? ofDecisions(await jsonOf<Decisions>(response)) : ofCompletion(await jsonOf<Completion>(response));
  const total = /(?:^|,\s*)total;dur=([\d.]+)/.exec(response.headers.get("Server-Timing") ?? "");
  return { ...answered, ms: total ? Number(total[1]) : null, request_id: response.headers.get("X-Request-Id") };
}

/** Calls `onChange` with all trials whenever one has changed; ends when none runs any more. */
export async function runTrials(task: Definition, texts: string[], signal: AbortSignal,
  onChange: (trials: Trial[]) => void): Promise<void> {
  let trials: Trial[] = texts.map((text) => ({ text, state: "waiting" }));
  const set = (i: number, change: Partial<Trial>) => {
    trials = trials.map((trial, j) => (i === j ? { ...trial, ...change } : trial));
    onChange(trials);
  };
  let next = 0;
  const worker = async () => {
    while (next < texts.length && !signal.aborted) {
      const i = next++;
      set(i, { state: "running" });
      try {
        set(i, { state: "done", outcome: await runOne(task, texts[i]!, signal) });
      } catch (error) {
        set(i, signal.aborted ? { state: "cancelled" } : { state: "failed", error });
      }
    }
  };
  onChange(trials);
  await Promise.all(Array.from({ length: atOnce }, worker));
  trials = trials.map((trial) => (trial.state === "waiting" ? { ...trial, state: "cancelled" } : trial));
  onChange(trials);
}
