// Why an answer did not come, in the language of the moment.
import { ApiError, describeError } from "../../api/http";
import { currentTexts } from "../../i18n";
import type { Failure } from "./conversations";
import { texts } from "./strings";

export function describeFailure(failure: Failure): string {
  const words = currentTexts(texts);
  const { status, code, message, field, retry_after_s, scope } = failure;
  if (code === "broken") return words.broken;
  if (code === "cancelled") return words.stopping;
  if (status === 413) return words.bodyTooLarge;
  const tokens = /(\d+) tokens, the limit is (\d+)/.exec(message);
  if (field === "input" && tokens) return words.inputTooLong(tokens[1]!, tokens[2]!);
  if (field?.startsWith("history")) return words.historyTooLong;
  if (status === 400 && field) return words.invalidField(field, message);
  if (status === 0 && code === "") return message;
  return describeError(new ApiError(status, code, message, field, retry_after_s, scope ?? null));
}
