// Work of many charts, spread over frames so that none of these takes long.

// What is drawn takes the browser as long again to bring to the screen.
const frameMs = 4;
const waiting = new Set<() => void>();
let asked = false;

function run(): void {
  const begin = performance.now();
  for (const work of waiting) {
    waiting.delete(work);
    work();
    if (performance.now() - begin > frameMs) break;
  }
  asked = waiting.size > 0;
  if (asked) requestAnimationFrame(run);
}

/** Does `work` in one of the next frames: once, however often it was asked for until then. */
export function soon(work: () => void): void {
  waiting.add(work);
  if (!asked) requestAnimationFrame(run);
  asked = true;
}

export function notAnyMore(work: () => void): void {
  waiting.delete(work);
}
