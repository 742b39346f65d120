// Numbers as people read them.

/** "0.42 ms", "4.2 ms", "42 ms", "4.20 s": three digits, never more. */
export function milliseconds(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const size = Math.abs(ms);
  if (size >= 99_950) return `${(ms / 1000).toFixed(0)} s`;
  if (size >= 9_995) return `${(ms / 1000).toFixed(1)} s`;
  if (size >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  if (size >= 99.95) return `${ms.toFixed(0)} ms`;
  if (size >= 9.995) return `${ms.toFixed(1)} ms`;
  return `${ms.toFixed(2)} ms`;
}

/** "87 %", "0.4 %". */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A probability: "87 %", "99.2 %", and never "100 %" of what is not certain. */
export function probability(value: number): string {
  const share = value * 100;
  if (share <= 99 || value === 1) return percent(value);
  return share >= 99.95 ? "> 99.9 %" : `${share.toFixed(1)} %`;
}

/** "1,234" in either language. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.round(value).toLocaleString("en-US");
}

/** "05": of a month, an hour, a minute. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Whether a Date can hold it. */
function isDate(unixMs: number): boolean {
  return Math.abs(unixMs) <= 8.64e15;
}

/** "14:05:09", local time. */
export function clockTime(unixMs: number): string {
  if (!isDate(unixMs)) return "–";
  return new Date(unixMs).toLocaleTimeString("en-GB");
}

/** "2026-01-31 14:05:09", local time. */
export function dateTime(unixMs: number): string {
  if (!isDate(unixMs)) return "–";
  const date = new Date(unixMs);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${clockTime(unixMs)}`;
}
