// One tab of the browser does something for all of them.

/**
 * Runs `work` while this tab is the one that does, which may never come; ends with `signal`, and
 * `work` must end with the signal that it is given.
 */
export function whileLeading(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): void {
  // Browsers have locks only where the address is https or this machine. A dashboard is often
  // opened from another one by plain http.
  if (navigator.locks === undefined) return electByChannel(name, signal, work);
  navigator.locks.request(name, { signal }, () => work(signal)).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

const beatMs = 500;
const silenceMs = 1600;
const answerMs = 200;

/** The leader says each half second that it is there; who hears nothing of one becomes one. */
function electByChannel(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): void {
  const channel = new BroadcastChannel(`${name}-leader`);
  const me = Math.random();
  let heardAt = performance.now() + answerMs - silenceMs; // one that is there answers at once
  let term: AbortController | null = null;

  channel.onmessage = ({ data }: MessageEvent<{ leader?: number; asks?: boolean; left?: boolean }>) => {
    if (data.left) heardAt = -Infinity;
    if (data.asks && term !== null) channel.postMessage({ leader: me });
    if (data.leader === undefined) return;
    heardAt = performance.now();
    // Two that began at once: the one with the smaller number stays.
    if (term !== null && data.leader < me) resign();
  };
  function resign(): void {
    term?.abort();
    term = null;
  }
  function beat(): void {
    if (term === null && performance.now() - heardAt > silenceMs) {
      term = new AbortController();
      void work(term.signal);
    }
    if (term !== null) channel.postMessage({ leader: me });
  }
  const timer = setInterval(beat, beatMs);
  channel.postMessage({ asks: true });
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    if (term !== null) channel.postMessage({ left: true });
    resign();
    channel.close();
  });
}
