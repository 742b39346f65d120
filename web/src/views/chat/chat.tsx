// The view: conversations to the left, the one that is shown, and the field for the next message.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useTexts } from "../../i18n";
import { Icon } from "../../parts/icon";
import { createStore, useStore } from "../../store";
import { Composer } from "./composer";
import { ConversationList } from "./conversation_list";
import { conversations, defaultSettings, newConversation, titleOf, update } from "./conversations";
import type { Conversation, Settings } from "./conversations";
import { Message, RunningMessage } from "./message";
import "./other_tabs";
import { ask, runs, stop } from "./session";
import { SettingsDialog } from "./settings_dialog";
import { texts } from "./strings";

/** Of the conversation that has not begun. */
const draftSettings = createStore<Settings>(defaultSettings);

function atBottom(): boolean {
  const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
  return scrollHeight - clientHeight - scrollTop < 48;
}

function toBottom(): void {
  scrollTo(0, document.documentElement.scrollHeight);
}

/** Keeps the end in sight while the text grows, unless the user scrolled away from it. */
function useFollowing(key: string) {
  const content = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const wanted = useRef(true);
  useEffect(() => {
    let lastTop = 0;
    // Only who scrolls up leaves the end: the event of one's own scrolling may come when more text has.
    const look = () => {
      const top = document.documentElement.scrollTop;
      if (atBottom()) wanted.current = true;
      else if (top < lastTop) wanted.current = false;
      lastTop = top;
      setFollowing(wanted.current || atBottom());
    };
    const grown = new ResizeObserver(() => {
      if (wanted.current) toBottom();
      else look();
    });
    grown.observe(content.current!);
    addEventListener("scroll", look, { passive: true });
    return () => {
      grown.disconnect();
      removeEventListener("scroll", look);
    };
  }, []);
  useLayoutEffect(() => {
    wanted.current = true;
    toBottom();
  }, [key]);
  return {
    content,
    following,
    follow() {
      wanted.current = true;
      toBottom();
    },
  };
}

/** For screen readers: that an answer is coming, and the answer once it is whole. */
function Announcer({ conversation, running }: { conversation: Conversation | null; running: boolean }) {
  const words = useTexts(texts);
  const [said, say] = useState("");
  const ran = useRef(false);
  useEffect(() => {
    if (running) say(words.answering);
    else if (ran.current) {
      const last = conversation?.exchanges.at(-1);
      say(last?.state === "stopped" ? words.stopped : last?.reply.slice(0, 1000) ?? "");
    }
    ran.current = running;
  }, [running]);
  return <div class="visually-hidden" role="status" aria-live="polite">{said}</div>;
}

function Empty({ unknown, onAsk }: { unknown: boolean; onAsk: (input: string) => void }) {
  const words = useTexts(texts);
  return (
    <div class="chat-empty">
      {unknown && <p class="notice">{words.unknownConversation}</p>}
      <h1>{words.hello}</h1>
      <p class="soft">{words.helloMore}</p>
      <ul class="examples">
        {words.examples.map((example) => <li key={example}><button onClick={() => onAsk(example)}>{example}</button></li>)}
      </ul>
    </div>
  );
}

export default function Chat({ parameter }: { parameter: string }) {
  const words = useTexts(texts);
  const list = useStore(conversations);
  const draft = useStore(draftSettings);
  const current = (parameter === "" ? list[0] : list.find(({ id }) => id === parameter)) ?? null;
  const run = useStore(runs).get(current?.id ?? "");
  const exchanges = current?.exchanges ?? [];
  const running = run !== undefined || exchanges.some(({ state }) => state === "running"); // here or in another tab
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [listOpen, setListOpen] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const { content, following, follow } = useFollowing(current?.id ?? "new");

  useEffect(() => {
    setListOpen(false);
    // A phone would cover the page with its keyboard.
    if (matchMedia("(hover: hover)").matches) field.current?.focus({ preventScroll: true });
  }, [parameter]);

  // On a narrow window the list covers the page until it is closed.
  useEffect(() => {
    if (!listOpen) return;
    const close = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest(".chat-list")) return;
      event.stopPropagation();
      event.preventDefault();
      setListOpen(false);
    };
    document.addEventListener("click", close, true);
    return () => document.removeEventListener("click", close, true);
  }, [listOpen]);

  const settings = current?.settings ?? draft;
  const changeSettings = (next: Settings) => {
    if (current !== null) update(current.id, (one) => ({ ...one, settings: next }));
    else draftSettings.set(next);
  };
  const send = (input: string, insteadOf?: string) => {
    const conversation = current ?? newConversation(draft);
    ask(conversation, input, insteadOf);
    if (current === null) {
      draftSettings.set(defaultSettings);
      location.replace(`#/chat/${conversation.id}`);
    }
    field.current?.focus({ preventScroll: true });
    follow();
  };
  return (
    <div class={listOpen ? "chat list-open" : "chat"} onKeyDown={(event) => event.key === "Escape" && setListOpen(false)}>
      <ConversationList currentId={current?.id ?? null} onClose={() => setListOpen(false)} />
      <div class="chat-main">
        <div class="chat-head only-narrow">
          <button class="plain" aria-expanded={listOpen} onClick={() => setListOpen(true)}><Icon name="list" />{words.showList}</button>
          <span class="soft">{current === null ? "" : titleOf(current)}</span>
        </div>
        <div class="chat-content" ref={content}>
          {exchanges.length === 0 && <Empty unknown={current === null && !["", "new"].includes(parameter)} onAsk={send} />}
          {exchanges.length > 0 && <h1 class="visually-hidden">{titleOf(current!)}</h1>}
          <ol class="messages">
            {exchanges.map((exchange, i) => run?.exchangeId === exchange.id
              ? <RunningMessage key={exchange.id} exchange={exchange} live={run.live} />
              : <Message key={exchange.id} exchange={exchange} idle={!running} last={i === exchanges.length - 1}
                  onAsk={(input) => send(input, exchange.id)} />)}
          </ol>
        </div>
        <div class="chat-foot">
          {!following && <button class="round to-bottom" aria-label={words.toBottom} title={words.toBottom} onClick={follow}><Icon name="down" /></button>}
          <Composer field={field} draftKey={current?.id ?? "new"} running={running} onSend={(text) => send(text)}
            onStop={run && (() => stop(run.conversationId))}>
            <button class="plain small" aria-haspopup="dialog" onClick={() => setSettingsOpen(true)}><Icon name="sliders" />{words.settings}</button>
          </Composer>
        </div>
      </div>
      <Announcer key={current?.id} conversation={current} running={running} />
      {settingsOpen && <SettingsDialog key={current?.id} settings={settings} onChange={changeSettings} onClose={() => setSettingsOpen(false)} />}
    </div>
  );
}
