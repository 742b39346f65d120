// The colours of style/tokens.css for what is drawn on a canvas, which knows no style sheet.
import { theme } from "../../theme";

const known = new Map<string, string>();

/** What `token` ("--stage-queue") is in the theme of the moment. */
export function colour(token: string): string {
  let value = known.get(token);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
    known.set(token, value);
  }
  return value;
}

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** Red, green and blue between two colours that are written as #rrggbb. */
export function mixed(from: string, to: string, share: number): number[] {
  const end = channels(to);
  return channels(from).map((value, i) => Math.round(value + (end[i]! - value) * share));
}

/** Calls `listener` when colours have changed; returns what ends that. */
export function onColours(listener: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const forget = () => {
    known.clear();
    listener();
  };
  const unsubscribe = theme.subscribe(forget);
  system.addEventListener("change", forget);
  return () => {
    unsubscribe();
    system.removeEventListener("change", forget);
  };
}
