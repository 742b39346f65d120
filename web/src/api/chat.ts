// POST /chat, streamed, with the moments at which things were there.
import { ApiError, post } from "./http";
import { readEvents } from "./sse";
import type { ServerEvent } from "./sse";

export interface ChatRequest {
  input: string;
  history: { user: string; bot: string }[];
  system?: string;
  tasks?: string[];
  temperature?: number;
  top_p?: number;
  max_new_tokens?: number;
  seed?: number;
}

export interface Sentiment {
  label: string | null;
  score: number | null;
}

/** Of a scale `level` is what its label, a number, means, and `mean` the expected one. */
export type TaskResult = { label: string | null; score: number | null; level?: string; mean?: number } | { text: string };

export interface ChatAnswer {
  request_id: string;
  sentiment?: string | null;
  sentiment_score?: number | null;
  reply?: string;
  results?: Record<string, TaskResult>;
  finish_reason: string;
  history_dropped: number;
}

interface ChatListener {
  onSend(): void; // again where the first key was refused
  onHead(requestId: string | null): void;
  onSentiment(sentiment: Sentiment): void;
  onText(text: string): void;
}

/** 32 hexadecimal digits. (crypto.randomUUID() is missing on pages of plain http.) */
export function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const statuses: Record<string, number> = { not_ready: 503, resource_exhausted: 503, cancelled: 503, deadline_exceeded: 504 };

/** The stream ended before the answer was whole. */
export class BrokenStream extends Error {}

/** Ends with the whole answer, or throws ApiError, BrokenStream, or the AbortError of `signal`. */
export async function streamChat(request: ChatRequest, clientToken: string, listener: ChatListener,
  signal: AbortSignal): Promise<ChatAnswer> {
  const headers = { "X-Client-Token": clientToken };
  const response = await post("/chat", { ...request, stream: true }, { headers, signal, onSend: () => listener.onSend() });
  listener.onHead(response.headers.get("X-Request-Id"));
  let answer: ChatAnswer | undefined;
  const take = ({ event, data }: ServerEvent): void => {
    const value = JSON.parse(data);
    if (event === "sentiment") listener.onSentiment({ label: value.sentiment, score: value.sentiment_score });
    if (event === "token") listener.onText(value.text);
    if (event === "done") answer = value;
    if (event === "error") {
      const { code, message, field } = value.error;
      throw new ApiError(statuses[code] ?? 500, code, message, field ?? null);
    }
  };
  try {
    await readEvents(response.body!, take);
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    throw new BrokenStream(String(error));
  }
  if (answer === undefined) throw new BrokenStream("the stream ended early");
  return answer;
}
