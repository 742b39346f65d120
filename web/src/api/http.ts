// Calls to the server that served the page.
import { currentTexts, defineTexts } from "../i18n";
import { anotherKey, apiKey } from "./key";

/** What the server refused, that it could not be asked (status 0), or that its answer is no JSON (code "not_json"). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    readonly retryAfterSeconds: number | null = null,
    readonly scope: string | null = null, // that the key lacks
  ) {
    super(message);
  }
}

/** Whether it was refused for the key, or the lack of one: another key may help. */
export function isKeyError(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.code === "missing_scope");
}

/** The one that a key lacks, which the server names in its sentence. */
function scopeOf({ code, message }: { code?: unknown; message?: unknown }): string | null {
  return code === "missing_scope" ? /scope '([a-z]+)'/.exec(String(message))?.[1] ?? null : null;
}

/** The error of an answer whose status is not 2xx. */
export async function errorOf(response: Response): Promise<ApiError> {
  const retry = Number(response.headers.get("Retry-After"));
  const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
  try {
    const { error } = await response.json();
    return new ApiError(response.status, String(error.code), String(error.message),
      typeof error.field === "string" ? error.field : null, retryAfter, scopeOf(error));
  } catch {
    return new ApiError(response.status, "", response.statusText || `HTTP ${response.status}`, null, retryAfter);
  }
}

/** No UTF-8 holds half of a surrogate pair, as a text may that was cut or pasted so: it becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

/** JSON that servers take, whatever its texts hold. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? wellFormed(part) : part), indent);
}

async function send(path: string, init: RequestInit, key: string | undefined): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  try {
    return await fetch(path, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", String(error));
  }
}

/**
 * fetch() with the key of the tab, whose failures are ApiErrors; one that `init.signal` ended stays an
 * AbortError. A request that is refused for its key is sent again with the one that the user gives.
 * `onSend` is called whenever it is sent; without `wait` it fails at once, and the user is asked all the same.
 */
export async function call(path: string, init: RequestInit = {},
  { onSend, wait = true }: { onSend?: () => void; wait?: boolean } = {}): Promise<Response> {
  for (;;) {
    const key = apiKey.get();
    onSend?.();
    const response = await send(path, init, key?.text);
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.status !== 401 || !(await anotherKey(key, error.code, init.signal ?? null, wait))) throw error;
  }
}

/** What a good answer holds; its failures are ApiErrors, as those of call(). */
export async function jsonOf<T>(response: Response): Promise<T> {
  try {
    return await response.json() as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (error instanceof SyntaxError) throw new ApiError(response.status, "not_json", String(error));
    throw new ApiError(0, "unreachable", String(error)); // it broke off
  }
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return jsonOf<T>(await call(path, signal ? { signal } : {}));
}

/** call() with `body` as JSON. */
export function post(path: string, body: unknown,
  { headers, onSend, ...init }: { headers?: Record<string, string>; signal?: AbortSignal; keepalive?: boolean; onSend?: () => void } = {},
): Promise<Response> {
  const json = { "Content-Type": "application/json", ...headers };
  return call(path, { ...init, method: "POST", headers: json, body: toJson(body) }, onSend && { onSend });
}

const texts = defineTexts(
  {
    unreachable: "The server cannot be reached. Is it still running?",
    notJson: "The answer is no JSON. Is this still the same server?",
    notReady: "The model is still being loaded. Try again in a moment.",
    overloaded: "The server has as many requests as it takes. Try again",
    inSeconds: (seconds: number) => ` in ${seconds} s.`,
    soon: " soon.",
    needsKey: "The server wants an API key.",
    needsScope: (scope: string) => `The API key in use may not do this: it has no scope “${scope}”.`,
    notAllowed: "The API key in use may not do this.",
    keyBusy: "The API key in use has reached a limit of its own. Try again",
    timeout: "It took longer than a request may take.",
    failed: "The server failed",
  },
  {
    unreachable: "无法连接服务器。它还在运行吗？",
    notJson: "收到的回答不是 JSON。这还是同一个服务器吗？",
    notReady: "模型仍在加载，请稍后再试。",
    overloaded: "服务器的请求已满，请",
    inSeconds: (seconds: number) => ` ${seconds} 秒后再试。`,
    soon: "稍后再试。",
    needsKey: "服务器需要 API 密钥。",
    needsScope: (scope: string) => `当前 API 密钥没有“${scope}”权限，无法进行此操作。`,
    notAllowed: "当前 API 密钥无权进行此操作。",
    keyBusy: "当前 API 密钥已达到自身的用量限制，请",
    timeout: "处理时间超过了请求的时限。",
    failed: "服务器出错",
  },
);

/** A sentence for the reader, in the language of the moment. */
export function describeError(error: unknown): string {
  const words = currentTexts(texts);
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return words.unreachable;
  if (error.code === "not_json") return words.notJson;
  if (error.code === "not_ready") return words.notReady;
  if (error.status === 401) return words.needsKey;
  if (error.code === "missing_scope") return error.scope === null ? words.notAllowed : words.needsScope(error.scope);
  if (error.status === 503 || error.status === 429) {
    const when = error.retryAfterSeconds;
    const whose = error.code.startsWith("key_") ? words.keyBusy : words.overloaded;
    return whose + (when === null ? words.soon : words.inSeconds(when));
  }
  if (error.status === 504) return words.timeout;
  if (error.status >= 500) return `${words.failed}: ${error.message}`;
  return error.message;
}
