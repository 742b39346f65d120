// Whether the server is there and its model is loaded: asked again and again while the page shows.
import { createStore } from "../store";
import { ApiError, call, getJson, isKeyError, jsonOf } from "./http";
import { apiKey } from "./key";

type ServerState = "unknown" | "ready" | "loading" | "unreachable";

export const serverState = createStore<ServerState>("unknown");
export const modelName = createStore<string>("");

const readyPeriodMs = 10_000;
const otherPeriodMs = 1_000;

let named = false; // the model, or the key in use may not know its name

async function askModelName(): Promise<void> {
  try {
    const models = await jsonOf<{ data: { id: string }[] }>(await call("/v1/models", {}, { wait: false }));
    modelName.set(models.data[0]?.id ?? "");
  } catch (error) {
    if (!isKeyError(error)) throw error;
    modelName.set("");
  }
  named = true;
}

async function look(): Promise<void> {
  try {
    await getJson("/health");
    if (!named || serverState.get() !== "ready") await askModelName();
    serverState.set("ready");
  } catch (error) {
    serverState.set(error instanceof ApiError && error.status === 503 ? "loading" : "unreachable");
  }
}

let timer: number | undefined;

async function watch(): Promise<void> {
  clearTimeout(timer);
  if (!document.hidden) await look();
  clearTimeout(timer);
  timer = setTimeout(watch, serverState.get() === "ready" ? readyPeriodMs : otherPeriodMs);
}

/** Begins; a page that comes back to sight asks at once. */
export function watchServer(): void {
  document.addEventListener("visibilitychange", () => void watch());
  apiKey.subscribe(() => {
    named = false;
    void watch();
  });
  void watch();
}

/** A call failed in a way that says something about the server. */
export function askServerNow(): void {
  void watch();
}
