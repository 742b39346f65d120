// What the browser keeps between visits, or for a tab. A browser may forbid it or be full: then it is forgotten.

/** Asked for each time: where a browser forbids it, already naming it throws. */
type Keeper = () => Storage;
const device: Keeper = () => localStorage;
const tab: Keeper = () => sessionStorage;

function loadFrom<T>(keeper: Keeper, key: string, fallback: T): T {
  try {
    const text = keeper().getItem(`qaio.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

function saveIn(keeper: Keeper, key: string, value: unknown): boolean {
  try {
    keeper().setItem(`qaio.${key}`, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

function removeFrom(keeper: Keeper, key: string): void {
  try {
    keeper().removeItem(`qaio.${key}`);
  } catch {
    // Where nothing may be kept, nothing is there.
  }
}

export function load<T>(key: string, fallback: T): T {
  return loadFrom(device, key, fallback);
}

/** False where the browser has no room or no permission for it. */
export function save(key: string, value: unknown): boolean {
  return saveIn(device, key, value);
}

export function remove(key: string): void {
  removeFrom(device, key);
}

export function loadForTab<T>(key: string, fallback: T): T {
  return loadFrom(tab, key, fallback);
}

export function saveForTab(key: string, value: unknown): boolean {
  return saveIn(tab, key, value);
}

export function removeForTab(key: string): void {
  removeFrom(tab, key);
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
