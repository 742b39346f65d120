// A task that is being written, and what is wrong with it.
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

export const labelsMax = 64; // as [[task]] has it
export const placeholder = "{input}";

export function labelsOf({ labels }: Definition): string[] {
  return labels.split("\n").map((label) => label.trim()).filter((label) => label !== "");
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

export function loadDraft(fallback: Draft): Draft {
  const kept = load<Partial<Draft> | null>("playground", null);
  if (typeof kept?.task !== "object" || typeof kept.texts !== "string") return fallback;
  return { task: { ...fallback.task, ...kept.task }, texts: kept.texts };
}

export function saveDraft(draft: Draft): void {
  save("playground", draft);
}
