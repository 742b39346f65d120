// Light or dark: as the system has it, unless the user chose.
import { createStore } from "./store";
import { load, save } from "./storage";

export type Theme = "system" | "light" | "dark";

export function readTheme(): Theme {
  const kept = load<unknown>("theme", "system");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export const theme = createStore<Theme>(readTheme());

export function chooseTheme(next: Theme): void {
  save("theme", next);
  applyTheme(next);
  theme.set(next);
}
