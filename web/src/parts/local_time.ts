// Moments, in ms since 1970 as text, and the values of datetime-local inputs, in the reader's own time.

// The server takes numbers of 10 to 15 digits for moments; the years are those of all inputs' calendars.
export const earliestInput = "1971-01-01T00:00";
export const latestInput = "9999-12-31T23:59:59";

/** Ms since 1970 as the server takes them, and not "6h" ago. */
export function isMoment(text: string | null | undefined): text is string {
  return typeof text === "string" && /^\d{10,15}$/.test(text);
}

/** "2026-01-31T12:00" or "2026-01-31T12:00:05"; empty for what is no moment, or one that no input can show. */
export function toLocalInput(unixMs: string | null | undefined): string {
  if (!isMoment(unixMs)) return "";
  const ms = Number(unixMs);
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  if (local < earliestInput || local > latestInput) return ""; // years of more digits begin with "+"
  return local.endsWith(":00") ? local.slice(0, 16) : local; // as browsers write it
}

/** Undefined for what is no moment. */
export function fromLocalInput(text: string): string | undefined {
  const moment = String(new Date(text).getTime());
  return isMoment(moment) ? moment : undefined;
}
