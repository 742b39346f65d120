// When what was just put into the document could be seen.

let hiddenAtMs = document.hidden ? 0 : -Infinity; // when the page was last seen hidden

document.addEventListener("visibilitychange", () => {
  hiddenAtMs = performance.now();
});

/** Whether the page was in sight all the time since then. */
export function shownSince(ms: number): boolean {
  return !document.hidden && hiddenAtMs < ms;
}

/**
 * The moment after the next frame is painted; null on a page out of sight, which is not painted. A
 * message posted in the frame's callback arrives right after its painting; the next frame's
 * callback would come up to 16 ms later and count time in which nothing was done.
 */
export function nextPaint(): Promise<number | null> {
  if (document.hidden) return Promise.resolve(null);
  return new Promise((resolve) => {
    const giveUp = () => document.hidden && resolve(null);
    document.addEventListener("visibilitychange", giveUp, { once: true });
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        document.removeEventListener("visibilitychange", giveUp);
        resolve(performance.now());
      };
      port2.postMessage(null);
    });
  });
}
