import { useEffect, useState } from "preact/hooks";

import { defineTexts, useTexts } from "../i18n";

const texts = defineTexts(
  { copy: "Copy", copied: "Copied", failed: "Not copied" },
  { copy: "复制", copied: "已复制", failed: "复制失败" },
);

/** Browsers keep the clipboard API from pages of plain http, but for localhost: then the old way. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

export function CopyButton({ text, label }: { text: string | (() => string); label?: string }) {
  const words = useTexts(texts);
  const [said, setSaid] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await copyText(typeof text === "string" ? text : text())) ? "copied" : "failed");
  return (
    <button class="plain small copy" onClick={() => void copy()}>
      {said === null ? label ?? words.copy : words[said]}
      <span class="visually-hidden" role="status">{said === null ? "" : words[said]}</span>
    </button>
  );
}
