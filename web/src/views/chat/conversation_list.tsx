import { useEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../../i18n";
import { Icon } from "../../parts/icon";
import { useStore } from "../../store";
import { conversations, deleteConversation, notice, titleOf, update } from "./conversations";
import type { Conversation } from "./conversations";
import { runs, stop } from "./session";
import { texts } from "./strings";

function TitleField({ conversation, onDone }: { conversation: Conversation; onDone: (byKey: boolean) => void }) {
  const words = useTexts(texts);
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);
  useEffect(() => {
    field.current?.focus(); // not every browser does that with the other
    field.current?.select();
  }, []);
  const end = (keep: boolean, byKey: boolean) => {
    if (over.current) return; // leaving the field follows upon Enter and Escape
    over.current = true;
    const title = field.current!.value.trim().slice(0, 80);
    if (keep) update(conversation.id, (one) => ({ ...one, title }));
    onDone(byKey);
  };
  return (
    <input ref={field} class="title-field" aria-label={words.title} maxLength={80} defaultValue={titleOf(conversation)}
      onBlur={() => end(true, false)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.isComposing) end(true, true);
        if (event.key === "Escape") end(false, true);
      }} />
  );
}

function Row({ conversation, current, onDelete }: { conversation: Conversation; current: boolean; onDelete: () => void }) {
  const words = useTexts(texts);
  const isRunning = useStore(runs).has(conversation.id);
  const [renaming, setRenaming] = useState(false);
  const rename = useRef<HTMLButtonElement>(null);
  const title = titleOf(conversation) || words.untitled;
  if (renaming) {
    const close = (byKey: boolean) => {
      setRenaming(false);
      if (byKey) requestAnimationFrame(() => rename.current?.focus()); // the field that had it is gone
    };
    return <li><TitleField conversation={conversation} onDone={close} /></li>;
  }
  return (
    <li class={current ? "current" : undefined}>
      <a href={`#/chat/${conversation.id}`} aria-current={current ? "page" : undefined} title={title}>
        {isRunning && <i class="pulse" role="img" aria-label={words.running} />}{title}
      </a>
      <button ref={rename} class="plain" aria-label={words.rename(title)} title={words.rename(title)} onClick={() => setRenaming(true)}>
        <Icon name="pencil" /></button>
      <button class="plain" aria-label={words.delete(title)} title={words.delete(title)} onClick={onDelete}>
        <Icon name="trash" /></button>
    </li>
  );
}

export function ConversationList({ currentId, onClose }: { currentId: string | null; onClose: () => void }) {
  const words = useTexts(texts);
  const list = useStore(conversations);
  const said = useStore(notice);
  const [undo, setUndo] = useState<(() => void) | null>(null);
  const first = useRef<HTMLAnchorElement>(null);
  const remove = (id: string) => {
    stop(id);
    const bringBack = deleteConversation(id);
    setUndo(() => () => {
      bringBack();
      location.hash = `#/chat/${id}`;
    });
    if (id === currentId) location.hash = "#/chat/new";
    first.current?.focus(); // the button that had it is gone
  };
  return (
    <nav class="chat-list" aria-label={words.conversations}>
      <div class="chat-list-head">
        <a ref={first} class="new-conversation" href="#/chat/new"><Icon name="plus" />{words.newConversation}</a>
        <button class="plain only-narrow" aria-label={words.closeList} onClick={onClose}><Icon name="close" /></button>
      </div>
      <ul>
        {list.map((conversation) => (
          <Row key={conversation.id} conversation={conversation} current={conversation.id === currentId}
            onDelete={() => remove(conversation.id)} />
        ))}
      </ul>
      <div role="status">
        {undo !== null && (
          <p class="small">{words.deleted} <button class="plain link" onClick={() => {
            undo();
            setUndo(null);
          }}>{words.undo}</button></p>
        )}
        {said !== null && (
          <p class="small">{words.notices[said]}{" "}
            <button class="plain link" onClick={() => notice.set(null)}>{words.dismiss}</button></p>
        )}
      </div>
      <p class="small soft">{words.keptHere}</p>
    </nav>
  );
}
