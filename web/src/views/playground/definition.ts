// A task that is being written, and what is wrong with it.
import { wellFormed } from "../../api/http";
import { questionKinds, taskKinds } from "../../api/tasks";
import type { QuestionKind, TaskKind } from "../../api/tasks";
import { load, save } from "../../storage";

export interface Definition {
  kind: TaskKind;
  name: string;
  system: string;
  user: string; // holds {input} once
  labels: string; // one per line
  question: string;
  options: string; // of a choice: one per line, "name" or "name: description"
  levels: string; // of a scale: one per line, the lowest first
  max_new_tokens: number;
  temperature: number | null; // null: the model's
}

/** A task that is a question: the program words it, and every possible answer gets a probability. */
export type QuestionDefinition = Definition & { kind: QuestionKind };

export type Fault = "name" | "user" | "labels_few" | "labels_many" | "labels_same" | "question" | "options_few" | "options_many" |
  "options_same" | "levels" | "max_new_tokens" | "temperature";

const labelsMax = 64; // as [[task]] has it
const optionsMax = 255;
const levelsMax = 10;
export const placeholder = "{input}";

export function isQuestion(task: Definition): task is QuestionDefinition {
  return (questionKinds as readonly string[]).includes(task.kind);
}

function linesOf(text: string): string[] {
  return wellFormed(text).split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

export function labelsOf({ labels }: Definition): string[] {
  return linesOf(labels);
}

export interface Option {
  name: string;
  description: string; // empty: none
}

export function optionsOf({ options }: Definition): Option[] {
  return linesOf(options).map((line) => {
    const colon = line.indexOf(": ");
    return colon < 1 ? { name: line, description: "" }
      : { name: line.slice(0, colon).trim(), description: line.slice(colon + 2).trim() };
  });
}

export function levelsOf({ levels }: Definition): string[] {
  return linesOf(levels);
}

function questionFaultOf(task: QuestionDefinition): Fault | null {
  if (task.kind === "yes_no") return task.question.trim() === "" ? "question" : null;
  if (task.kind === "score") {
    const levels = levelsOf(task).length;
    return levels < 2 || levels > levelsMax ? "levels" : null;
  }
  const names = optionsOf(task).map(({ name }) => name);
  if (names.length < 2) return "options_few";
  if (names.length > optionsMax) return "options_many";
  return new Set(names).size < names.length ? "options_same" : null;
}

/** The first thing that the server would refuse. */
export function faultOf(task: Definition): Fault | null {
  if (!/^[a-z0-9_-]{1,64}$/.test(task.name)) return "name";
  if (isQuestion(task)) return questionFaultOf(task);
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
  const string = (field: "name" | "system" | "user" | "labels" | "question" | "options" | "levels") => {
    const value = task[field];
    return typeof value === "string" ? value : fallback.task[field];
  };
  const { kind, max_new_tokens, temperature } = task;
  return {
    task: {
      kind: taskKinds.find((known) => known === kind) ?? fallback.task.kind,
      name: string("name"),
      system: string("system"),
      user: string("user"),
      labels: string("labels"),
      question: string("question"),
      options: string("options"),
      levels: string("levels"),
      max_new_tokens: typeof max_new_tokens === "number" ? max_new_tokens : fallback.task.max_new_tokens,
      temperature: typeof temperature === "number" || temperature === null ? temperature : fallback.task.temperature,
    },
    texts: typeof kept?.texts === "string" ? kept.texts : fallback.texts,
  };
}

export function saveDraft(draft: Draft): void {
  save("playground", draft);
}
