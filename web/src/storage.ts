// What the browser keeps between visits. A browser may forbid it or be full: then it is forgotten.

export function load<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`qaio.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** False where the browser has no room or no permission for it. */
export function save(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(`qaio.${key}`, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
