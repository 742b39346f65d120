// Chinese or English: as the browser has it, unless the user chose.
import { createStore, useStore } from "./store";
import { load, save } from "./storage";

export type Language = "en" | "zh";

function initialLanguage(): Language {
  const kept = load<unknown>("language", null);
  if (kept === "en" || kept === "zh") return kept;
  const first = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag));
  return first !== undefined && /^zh/i.test(first) ? "zh" : "en";
}

export const language = createStore<Language>(initialLanguage());

function applyLanguage(next: Language): void {
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}
applyLanguage(language.get());

export function chooseLanguage(next: Language): void {
  save("language", next);
  applyLanguage(next);
  language.set(next);
}

/** The words of one part of the page. Both languages have the same keys, or it does not compile. */
export interface Texts<T> {
  en: T;
  zh: T;
}

export function defineTexts<T>(en: T, zh: T): Texts<T> {
  return { en, zh };
}

/** The words in the language of the moment, for components. */
export function useTexts<T>(texts: Texts<T>): T {
  return texts[useStore(language)];
}

/** The same for who is no component. */
export function currentTexts<T>(texts: Texts<T>): T {
  return texts[language.get()];
}
