// Sends messages and follows their answers. A run belongs to its conversation and goes on while the
// user looks at something else.
import { ApiError } from "../../api/http";
import { BrokenStream, randomToken, streamChat } from "../../api/chat";
import type { ChatAnswer, ChatRequest, Sentiment } from "../../api/chat";
import { mayAskForKey } from "../../api/key";
import { getNewRequest, reportClientTimes, withClientTimes } from "../../api/requests";
import type { ClientStamps } from "../../api/requests";
import { askServerNow, serverState } from "../../api/server_state";
import { nextPaint, shownSince, thisPaint } from "../../parts/painted";
import { summarize } from "../../parts/waterfall_model";
import { createStore } from "../../store";
import type { Store } from "../../store";
import { conversations, notice, put, update } from "./conversations";
import type { Conversation, Exchange, Failure } from "./conversations";

export interface Live {
  phase: "sent" | "waiting" | "answering"; // waiting: for the model to be loaded
  reply: string;
  sentiment?: Sentiment;
}

interface Run {
  conversationId: string;
  exchangeId: string;
  live: Store<Live>;
  controller: AbortController;
}

/** By the conversation's id: one at a time in each. */
export const runs = createStore<ReadonlyMap<string, Run>>(new Map());

const turnsMax = 64; // as the server takes them
const historyCharsMax = 200_000; // more has no room in any prompt, and a body may have 1 MiB

/** The newest turns that a request may carry. */
function historyOf(exchanges: Exchange[]): { user: string; bot: string }[] {
  const turns: { user: string; bot: string }[] = [];
  let chars = 0;
  for (const { input, reply } of [...exchanges].reverse()) {
    if (reply === "") continue;
    chars += input.length + reply.length;
    if (turns.length === turnsMax || chars > historyCharsMax) break;
    turns.unshift({ user: input, bot: reply });
  }
  return turns;
}

function requestOf({ settings, exchanges }: Conversation, input: string): ChatRequest {
  const request: ChatRequest = { input, history: historyOf(exchanges) };
  const { system, tasks, temperature, top_p, max_new_tokens, seed } = settings;
  if (system.trim() !== "" && tasks?.includes("chat") !== false) request.system = system;
  if (tasks !== null) request.tasks = tasks;
  if (temperature !== null) request.temperature = temperature;
  if (top_p !== null) request.top_p = top_p;
  if (max_new_tokens !== null) request.max_new_tokens = max_new_tokens;
  if (seed !== null) request.seed = seed;
  return request;
}

function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { status, code, message, field, retryAfterSeconds, scope } = error;
    return { status, code, message, field, retry_after_s: retryAfterSeconds, ...(scope !== null && { scope }) };
  }
  const code = error instanceof BrokenStream ? "broken" : "";
  return { status: 0, code, message: String(error), field: null, retry_after_s: null };
}

/** Calls `draw` in the next frame, however often it is asked; seldom where drawing takes long. */
function oncePerFrame(draw: () => void): { ask(): void; cancel(): void } {
  let asked = false;
  let over = false;
  let notBeforeMs = 0;
  const frame = () => {
    asked = false;
    if (over) return;
    const begin = performance.now();
    draw();
    // Components are drawn in a microtask that was queued before this one.
    queueMicrotask(() => {
      const took = performance.now() - begin;
      notBeforeMs = took > 6 ? performance.now() + 5 * took : 0;
    });
  };
  return {
    ask() {
      if (asked) return;
      asked = true;
      const inFrame = () => (document.hidden ? frame() : requestAnimationFrame(frame));
      const waitMs = Math.max(notBeforeMs - performance.now(), document.hidden ? 250 : 0);
      if (waitMs > 0) setTimeout(inFrame, waitMs);
      else inFrame();
    },
    cancel() {
      over = true;
    },
  };
}

/** Resolves when the model is loaded; throws what `signal` was aborted with. */
function untilReady(signal: AbortSignal): Promise<void> {
  askServerNow();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => serverState.get() === "ready" && end(resolve), 250);
    const abort = () => end(() => reject(signal.reason));
    function end(then: () => void) {
      clearInterval(timer);
      signal.removeEventListener("abort", abort);
      then();
    }
    signal.addEventListener("abort", abort);
  });
}

/** What one attempt was seen to do, on the browser's clock. */
class Stamps {
  private sentMs = performance.now();
  requestId: string | null = null;
  private firstByteMs: number | null = null;
  private firstToken: Promise<number | null> | null = null;
  private lastByteMs = 0;

  sent(): void {
    this.sentMs = performance.now();
  }
  head(requestId: string | null): void {
    this.requestId = requestId;
    this.firstByteMs = performance.now() - this.sentMs;
  }
  tokenDrawn(paint: () => Promise<number | null>): void {
    this.firstToken ??= paint();
  }
  lastByte(): void {
    this.lastByteMs = performance.now() - this.sentMs;
  }
  /** Null if the page was out of sight at any time: then nothing, or something else, was painted. */
  async finish(): Promise<ClientStamps | null> {
    const [first, done] = await Promise.all([this.firstToken, nextPaint()]);
    if (this.firstByteMs === null || done === null || !shownSince(this.sentMs)) return null;
    return {
      first_byte_ms: this.firstByteMs,
      first_token_ms: first === null ? null : first - this.sentMs,
      last_byte_ms: this.lastByteMs,
      done_ms: done - this.sentMs,
    };
  }
}

function setExchange(run: Run, change: Partial<Exchange>): void {
  update(run.conversationId, (conversation) => ({
    ...conversation,
    exchanges: conversation.exchanges.map((one) => (one.id === run.exchangeId ? { ...one, ...change } : one)),
  }));
}

/** `unsent`: turns that the request did not carry. */
function answered(answer: ChatAnswer, live: Live, unsent: number): Partial<Exchange> {
  return {
    state: "done",
    reply: answer.reply ?? "",
    ...(answer.sentiment !== undefined && { sentiment: { label: answer.sentiment, score: answer.sentiment_score ?? null } }),
    ...(live.sentiment && answer.sentiment === undefined && { sentiment: live.sentiment }),
    ...(answer.results && { results: answer.results }),
    finish_reason: answer.finish_reason,
    history_dropped: answer.history_dropped + unsent,
  };
}

/** The record, with the browser's times in it, for the line below the reply. Nobody waits for it. */
async function follow(run: Run, stamps: Stamps, token: string): Promise<void> {
  const id = stamps.requestId;
  const times = await stamps.finish();
  if (id === null) return;
  if (times !== null) await reportClientTimes(id, token, times);
  try {
    const record = await getNewRequest(id);
    setExchange(run, { summary: summarize(times === null ? record : withClientTimes(record, times)) });
  } catch {
    // The record is gone, or the server is: the reply stands without its times.
  }
}

async function attempt(run: Run, request: ChatRequest, unsent: number): Promise<void> {
  const { live, controller } = run;
  const token = randomToken();
  const stamps = new Stamps();
  let text = "";
  let sentiment: Sentiment | undefined;
  const draw = () => live.set({ phase: "answering", reply: text, ...(sentiment && { sentiment }) });
  const frames = oncePerFrame(() => {
    draw();
    if (text !== "") stamps.tokenDrawn(thisPaint);
  });
  let end: Partial<Exchange>;
  try {
    const answer = await streamChat(request, token, {
      onSend: () => stamps.sent(),
      onHead: (requestId) => stamps.head(requestId),
      onSentiment(found) {
        sentiment = found;
        frames.ask();
      },
      onText(piece) {
        text += piece;
        frames.ask();
      },
    }, controller.signal);
    stamps.lastByte();
    draw(); // what no frame has shown yet
    end = answered(answer, live.get(), unsent);
  } catch (error) {
    stamps.lastByte();
    if (error instanceof ApiError && error.code === "not_ready" && !controller.signal.aborted) throw error;
    const came = { reply: text.trim(), ...(sentiment && { sentiment }) };
    if (controller.signal.aborted) {
      end = { state: "stopped", ...came };
    } else {
      end = { state: "failed", ...came, failure: failureOf(error) };
      askServerNow();
    }
  } finally {
    frames.cancel();
  }
  finish(run, { ...end, ...(stamps.requestId !== null && { request_id: stamps.requestId }) });
  if (end.reply) stamps.tokenDrawn(nextPaint);
  void follow(run, stamps, token);
}

function finish(run: Run, end: Partial<Exchange>): void {
  const others = new Map(runs.get());
  others.delete(run.conversationId);
  setExchange(run, end);
  runs.set(others);
}

async function answer(run: Run, request: ChatRequest, unsent: number): Promise<void> {
  for (;;) {
    try {
      return await attempt(run, request, unsent);
    } catch {
      run.live.set({ phase: "waiting", reply: "" });
    }
    try {
      await untilReady(run.controller.signal);
    } catch {
      return finish(run, { state: "stopped" });
    }
    run.live.set({ phase: "sent", reply: "" });
  }
}

/** Asks `input` at the end of the conversation, or in the place of an exchange and all behind it. */
export function ask(conversation: Conversation, input: string, insteadOf?: string): void {
  if (runs.get().has(conversation.id) || conversation.exchanges.some(({ state }) => state === "running")) return;
  mayAskForKey();
  const at = conversation.exchanges.findIndex(({ id }) => id === insteadOf);
  const before = { ...conversation, exchanges: at < 0 ? conversation.exchanges : conversation.exchanges.slice(0, at) };
  const exchange: Exchange = { id: randomToken().slice(0, 12), input, state: "running", reply: "" };
  const run: Run = {
    conversationId: conversation.id,
    exchangeId: exchange.id,
    live: createStore<Live>({ phase: "sent", reply: "" }),
    controller: new AbortController(),
  };
  runs.set(new Map(runs.get()).set(conversation.id, run));
  put({ ...before, exchanges: [...before.exchanges, exchange] });
  const request = requestOf(before, input);
  const turns = before.exchanges.filter(({ reply }) => reply !== "").length;
  void answer(run, request, turns - request.history.length);
}

/** Keeps at once what has come so far, and that it was stopped. */
function stopRun(run: Run): void {
  const { reply, sentiment } = run.live.get();
  setExchange(run, { state: "stopped", reply: reply.trim(), ...(sentiment && { sentiment }) });
  run.controller.abort();
}

export function stop(conversationId: string): void {
  const run = runs.get().get(conversationId);
  if (run !== undefined) stopRun(run);
}

// The browser breaks the connections of a page that goes away, which is no fault of the server.
addEventListener("pagehide", () => runs.get().forEach(stopRun));

// Another tab deleted what is being answered here, or put something else in its place.
conversations.subscribe((list) => {
  for (const run of runs.get().values()) {
    const exchanges = list.find(({ id }) => id === run.conversationId)?.exchanges ?? [];
    if (run.controller.signal.aborted || exchanges.some(({ id }) => id === run.exchangeId)) continue;
    run.controller.abort();
    notice.set("ended_elsewhere");
  }
});
