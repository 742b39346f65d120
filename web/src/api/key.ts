// The API key of this tab, for servers that want one: kept for the tab, or for the device where the
// user says so, and sent with every request. Views know nothing of it: a request that the server
// refuses for its key waits until the user has given another.
import { createStore } from "../store";
import { load, loadForTab, remove, removeForTab, save, saveForTab } from "../storage";

interface KeptKey {
  text: string;
  onDevice: boolean; // else it ends with the tab
}

const name = "key";

function textOf(kept: unknown): string | null {
  return typeof kept === "string" && isKeyText(kept) ? kept : null;
}

function keptKey(): KeptKey | null {
  const ofTab = textOf(loadForTab<unknown>(name, null));
  if (ofTab !== null) return { text: ofTab, onDevice: false };
  const ofDevice = textOf(load<unknown>(name, null));
  return ofDevice === null ? null : { text: ofDevice, onDevice: true };
}

/** What a header may hold. */
export function isKeyText(text: string): boolean {
  return /^[\x21-\x7e]{1,512}$/.test(text);
}

export const apiKey = createStore<KeptKey | null>(keptKey());

/** Counts the keys that the user gave. */
export const keysGiven = createStore(0);

/** The code with which the server refused this tab's last request for its key; null: it takes the key, or wants none. */
export const keyRefusal = createStore<string | null>(null);

export const keyDialogOpen = createStore(false);

/** The user closed the dialog without a key: it does not open by itself again. */
let putOff = false;

/** The user begins something: should it need a key, the dialog may open again. */
export function mayAskForKey(): void {
  putOff = false;
}

export function openKeyDialog(): void {
  keyDialogOpen.set(true);
}

export function closeKeyDialog(): void {
  putOff = apiKey.get() === null;
  keyDialogOpen.set(false);
}

function forgetKept(): void {
  removeForTab(name);
  if (apiKey.get()?.onDevice) remove(name);
}

function take(key: KeptKey): void {
  keyRefusal.set(null);
  apiKey.set(key);
  keysGiven.set(keysGiven.get() + 1);
}

/** Where the browser keeps nothing, the key lasts as long as the page. */
export function giveKey(text: string, onDevice: boolean): void {
  forgetKept();
  if (onDevice) save(name, text);
  else saveForTab(name, text);
  take({ text, onDevice });
}

export function forgetKey(): void {
  forgetKept();
  apiKey.set(null);
}

/** Ends with the key that is there once the dialog is closed, or with the AbortError of `signal`. */
function untilDialogCloses(signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = keyDialogOpen.subscribe(() => end(resolve));
    const abort = () => end(() => reject(signal!.reason));
    function end(then: () => void): void {
      leave();
      signal?.removeEventListener("abort", abort);
      then();
    }
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
  });
}

/**
 * The server refused a request that carried `used`, with 401 and `code`. True once there is another key
 * to try; false if the user gave none. Without `wait` the dialog opens and nobody waits for it.
 */
export async function anotherKey(used: KeptKey | null, code: string, signal: AbortSignal | null, wait: boolean): Promise<boolean> {
  if (apiKey.get() === used) {
    // A key that was lost meanwhile was refused with its reason before.
    if (used !== null || keyRefusal.get() === null) keyRefusal.set(code);
    forgetKey();
    if (!putOff) openKeyDialog();
  }
  if (apiKey.get() !== null) return true;
  if (!wait || !keyDialogOpen.get()) return false;
  await untilDialogCloses(signal);
  return apiKey.get() !== null;
}

// Another tab remembered a key on this device, or made the device forget it.
addEventListener("storage", ({ key: changed }) => {
  if (changed !== null && changed !== `qaio.${name}`) return;
  const mine = apiKey.get();
  if (mine !== null && !mine.onDevice) return;
  const text = textOf(load<unknown>(name, null));
  if (text === null) apiKey.set(null);
  else if (text !== mine?.text) {
    take({ text, onDevice: true });
    keyDialogOpen.set(false);
  }
});
