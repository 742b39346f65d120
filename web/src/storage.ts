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

export function remove(key: string): void {
  try {
    localStorage.removeItem(`qaio.${key}`);
  } catch {
    // Where nothing may be kept, nothing is there.
  }
}

/** The keys that begin with `prefix`, and how many characters each value takes. */
export function kept(prefix: string): { key: string; chars: number }[] {
  const found: { key: string; chars: number }[] = [];
  try {
    for (let i = 0; i < localStorage.length; ++i) {
      const name = localStorage.key(i)!;
      if (!name.startsWith(`qaio.${prefix}`)) continue;
      found.push({ key: name.slice("qaio.".length), chars: localStorage.getItem(name)!.length });
    }
  } catch {
    return [];
  }
  return found;
}
