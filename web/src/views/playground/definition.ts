// A task that is being written, and what is wrong with it.
import { wellFormed } from "../../api/http";
import { load, save } from "../../storage";

export interface Definition {
  kind: "classify" | "generate";
  name: string;
  system: string;
  user: string; // holds {input} once
  labels: string; // one per line
  max_new_tokens: number;
  temperature: number | null; // null: the model's
}

export type Fault = "name" | "user" | "labels_few" | "labels_many" | "labels_same" | "max_new_tokens" | "temperature";

const labelsMax = 64; // as [[task]] has it
export const placeholder = "{input}";

export function labelsOf({ labels }: Definition): string[] {
  return wellFormed(labels).split("\n").map((label) => label.trim()).filter((label) => label !== "");
}

/** The first thing that the server would refuse. */
export function faultOf(task: Definition): Fault | null {
  if (!/^[a-z0-9_-]{1,64}$/.test(task.name)) return "name";
  if (task.user.split(placeholder).length !== 2) return "user";
  if (task.kind === "classify") {
    const labels = labelsOf(task);
    if (labels.length < 2) return "labels_few";
    if (labels.length > labelsMax) return "labels_many";
    return new Set(labels).size < labels.length ? "labels_same" : null;
  }
  if (!Number.isSafeInteger(task.max_new_tokens) || task.max_new_tokens < 1) return "max_new_tokens";
  const { temperature } = task;
  return temperature !== null && !(temperature >= 0 && temperature <= 10) ? "temperature" : null;
}

export interface Draft {
  task: Definition;
  texts: string;
}

/** What is kept may be damaged, or of another version of the page: `fallback` has the rest. */
export function loadDraft(fallback: Draft): Draft {
  const kept = load<{ task?: Record<string, unknown> | null; texts?: unknown } | null>("playground", null);
  const task = kept?.task ?? {};
  const string = (field: "name" | "system" | "user" | "labels") => {
    const value = task[field];
    return typeof value === "string" ? value : fallback.task[field];
  };
  const { kind, max_new_tokens, temperature } = task;
  return {
    task: {
      kind: kind === "classify" || kind === "generate" ? kind : fallback.task.kind,
      name: string("name"),
      system: string("system"),
      user: string("user"),
      labels: string("labels"),
      max_new_tokens: typeof max_new_tokens === "number" ? max_new_tokens : fallback.task.max_new_tokens,
      temperature: typeof temperature === "number" || temperature === null ? temperature : fallback.task.temperature,
    },
    texts: typeof kept?.texts === "string" ? kept.texts : fallback.texts,
  };
}

export function saveDraft(draft: Draft): void {
  save("playground", draft);
}
