// A conversation as the browser gives it back. What is kept may be damaged, or of another version of the
// page: a part that is not what it should be is left out, and the rest is shown.
import type { Sentiment, TaskResult } from "../../api/chat";
import type { Summary } from "../../parts/waterfall_model";
import type { Conversation, Exchange, Failure, Settings } from "./conversations";

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isString = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";

/** Whether each of `fields` is a string, or a number, or null. */
function has(value: unknown, is: (one: unknown) => boolean, fields: string[], orNull = false): value is Fields {
  return isObject(value) && fields.every((field) => is(value[field]) || (orNull && value[field] === null));
}

function isScore(value: unknown): value is Sentiment {
  return has(value, isString, ["label"], true) && has(value, isNumber, ["score"], true);
}

function isResult(value: unknown): value is TaskResult {
  if (has(value, isString, ["text"])) return true;
  const isScale = has(value, isString, ["level"]) && has(value, isNumber, ["mean"]);
  return isScore(value) && (isScale || !("level" in value || "mean" in value));
}

function isFailure(value: unknown): boolean {
  return has(value, isString, ["code", "message"]) && has(value, isNumber, ["status"]) &&
    has(value, isString, ["field"], true) && has(value, isNumber, ["retry_after_s"], true) &&
    (!("scope" in value) || has(value, isString, ["scope"]));
}

function isSummary(value: unknown): boolean {
  return has(value, isNumber, ["wall_ms", "server_ms", "prompt_tokens", "cached_tokens", "completion_tokens"]) &&
    has(value, isNumber, ["network_ms", "rendering_ms", "first_token_ms", "tokens_per_s"], true);
}

function settingsOf(value: unknown): Settings {
  const kept = isObject(value) ? value : {};
  const number = (field: string) => (isNumber(kept[field]) ? kept[field] : null);
  return {
    system: isString(kept["system"]) ? kept["system"] : "",
    tasks: Array.isArray(kept["tasks"]) && kept["tasks"].every(isString) ? kept["tasks"] : null,
    temperature: number("temperature"),
    top_p: number("top_p"),
    max_new_tokens: number("max_new_tokens"),
    seed: number("seed"),
  };
}

const states: unknown[] = ["running", "done", "stopped", "failed"] satisfies Exchange["state"][];

function exchangeOf(value: unknown): Exchange | null {
  if (!has(value, isString, ["id", "input", "reply"]) || !states.includes(value["state"])) return null;
  const { sentiment, results, finish_reason, history_dropped, failure, request_id, summary } = value;
  const failed = value["state"] === "failed";
  return {
    id: value["id"] as string,
    input: value["input"] as string,
    reply: value["reply"] as string,
    state: failed && !isFailure(failure) ? "stopped" : (value["state"] as Exchange["state"]),
    ...(isScore(sentiment) && { sentiment }),
    ...(isObject(results) && {
      results: Object.fromEntries(Object.entries(results).filter((one): one is [string, TaskResult] => isResult(one[1]))),
    }),
    ...(isString(finish_reason) && { finish_reason }),
    ...(isNumber(history_dropped) && { history_dropped }),
    ...(isFailure(failure) && { failure: failure as unknown as Failure }),
    ...(isString(request_id) && { request_id }),
    ...(isSummary(summary) && { summary: summary as unknown as Summary }),
  };
}

/** Null: nothing of it can be shown. */
export function conversationOf(id: string, value: unknown): Conversation | null {
  if (!has(value, isString, ["title"]) || !has(value, isNumber, ["changed_unix_ms"]) || !Array.isArray(value["exchanges"])) return null;
  return {
    id,
    title: value["title"] as string,
    changed_unix_ms: value["changed_unix_ms"] as number,
    settings: settingsOf(value["settings"]),
    exchanges: value["exchanges"].flatMap((one) => exchangeOf(one) ?? []),
  };
}
