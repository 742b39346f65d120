// What became of requests (docs/tracing.md): names and colours, everywhere on the page.
import { defineTexts } from "../i18n";

export const outcomes = ["answered", "client_error", "refused", "failed", "cancelled"] as const;
export type Outcome = (typeof outcomes)[number];

/** Tokens of style/tokens.css. */
export const outcomeColours: Record<Outcome, string> = {
  answered: "--good", client_error: "--warn", refused: "--stage-queue", failed: "--bad", cancelled: "--stage-http",
};

export const outcomeTexts = defineTexts<Record<Outcome, string>>(
  { answered: "answered", client_error: "client error", refused: "refused", failed: "failed", cancelled: "cancelled" },
  { answered: "已应答", client_error: "请求有误", refused: "已拒绝", failed: "失败", cancelled: "已取消" },
);

/** As src/record/outcome.h has it. */
export function outcomeOf(status: number, error: string | null): Outcome {
  if (status === 499) return "cancelled";
  if (status === 429 || status === 503) return "refused";
  if (status >= 500) return "failed";
  if (status >= 400) return "client_error";
  return error === null ? "answered" : "failed";
}
