// When what was just put into the document could be seen.

let hiddenAtMs = document.hidden ? 0 : -Infinity; // when the page was last seen hidden

document.addEventListener("visibilitychange", () => {
  hiddenAtMs = performance.now();
});

/** Whether the page was in sight all the time since then. */
export function shownSince(ms: number): boolean {
  return !document.hidden && hiddenAtMs < ms;
}

/** Resolves once what is drawn now is painted; null on a page out of sight, which is not painted. */
function painted(ask: (then: () => void) => void): Promise<number | null> {
  if (document.hidden) return Promise.resolve(null);
  return new Promise((resolve) => {
    const giveUp = () => document.hidden && resolve(null);
    document.addEventListener("visibilitychange", giveUp, { once: true });
    ask(() => {
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

/**
 * The moment after the frame is painted in whose callback (of requestAnimationFrame) this is called: a
 * message posted there arrives right behind the painting. The callback of the frame after would
 * come up to 16 ms later, and count time in which nothing was done.
 */
export function thisPaint(): Promise<number | null> {
  return painted((then) => then());
}

/** The moment after the next frame is painted. */
export function nextPaint(): Promise<number | null> {
  return painted((then) => requestAnimationFrame(then));
}
