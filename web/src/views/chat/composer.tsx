// Where messages are written.
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

import { useTexts } from "../../i18n";
import { Icon } from "../../parts/icon";
import { texts } from "./strings";

/** Enter that sends: not while an input method composes, nor with Shift. */
export function isSendKey(event: KeyboardEvent): boolean {
  // 229 is what browsers say of a key that the input method took, also the one that ends composing.
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/** As tall as its text, within what the style sheet allows. */
export function fitHeight(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

/** What was written and not sent, by conversation; looking at something else does not lose it. */
const drafts = new Map<string, string>();

export function Composer({ field, draftKey, running, onSend, onStop, children }: {
  field: RefObject<HTMLTextAreaElement | null>;
  draftKey: string;
  running: boolean;
  onSend: (text: string) => void;
  onStop: (() => void) | undefined; // none where another tab's answer is coming
  children: ComponentChildren;
}) {
  const words = useTexts(texts);
  const [, redraw] = useState(0);
  const text = drafts.get(draftKey) ?? "";
  const write = (next: string) => {
    if (next === "") drafts.delete(draftKey);
    else drafts.set(draftKey, next);
    redraw((times) => times + 1);
  };
  useLayoutEffect(() => fitHeight(field.current), [text]);
  const blank = text.trim() === "";
  const send = () => {
    if (running || blank) return;
    write("");
    onSend(text);
    field.current?.focus();
  };
  return (
    <div class="composer">
      <div class="composer-box">
        <textarea ref={field} rows={1} value={text} aria-label={words.message} placeholder={words.placeholder} enterkeyhint="send"
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return;
            event.preventDefault();
            send();
          }} />
        {onStop ? (
          <button class="round" aria-label={words.stop} title={words.stop} onClick={() => {
            onStop();
            field.current?.focus();
          }}><Icon name="stop" /></button>
        ) : (
          <button class="round primary" aria-label={words.send} title={words.send} disabled={running || blank} onClick={send}><Icon name="up" /></button>
        )}
      </div>
      <div class="composer-foot">{children}<span class="soft small keys">{words.keys}</span></div>
    </div>
  );
}
