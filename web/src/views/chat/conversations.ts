// Conversations, and what the browser keeps of them: each under a key of its own, so that two tabs
// do not overwrite each other's.
import type { Sentiment, TaskResult } from "../../api/chat";
import { randomToken } from "../../api/chat";
import type { Summary } from "../../parts/waterfall_model";
import { kept, load, remove, save } from "../../storage";
import { createStore } from "../../store";
import { conversationOf } from "./kept_conversation";

/** Null: as the server has it. */
export interface Settings {
  system: string;
  tasks: string[] | null;
  temperature: number | null;
  top_p: number | null;
  max_new_tokens: number | null;
  seed: number | null;
}

export interface Failure {
  status: number;
  code: string;
  message: string;
  field: string | null;
  retry_after_s: number | null;
  scope?: string; // that the key lacked
}

/** What the user said and what came back. */
export interface Exchange {
  id: string;
  input: string;
  state: "running" | "done" | "stopped" | "failed";
  reply: string;
  sentiment?: Sentiment;
  results?: Record<string, TaskResult>;
  finish_reason?: string;
  history_dropped?: number;
  failure?: Failure;
  request_id?: string;
  summary?: Summary;
}

export interface Conversation {
  id: string;
  title: string; // empty: the first input's beginning
  changed_unix_ms: number;
  settings: Settings;
  exchanges: Exchange[];
}

type Notice = "oldest_dropped" | "beginning_dropped" | "ended_elsewhere" | "not_kept" | null;

const prefix = "chat.";
const conversationsMax = 50;
const allCharsMax = 2_000_000; // browsers give a site about 5 million
const conversationCharsMax = 500_000;

export const defaultSettings: Settings = {
  system: "", tasks: null, temperature: null, top_p: null, max_new_tokens: null, seed: null,
};

export const conversations = createStore<Conversation[]>([]); // newest first
export const notice = createStore<Notice>(null);

function sorted(list: Conversation[]): Conversation[] {
  return [...list].sort((a, b) => b.changed_unix_ms - a.changed_unix_ms);
}

/** As it comes back when it had been deleted: what ran has stopped. */
function stopped(conversation: Conversation): Conversation {
  const exchanges = conversation.exchanges.map((one) => (one.state === "running" ? { ...one, state: "stopped" as const } : one));
  return { ...conversation, exchanges };
}

function read(key: string): Conversation | null {
  return conversationOf(key.slice(prefix.length), load<unknown>(key, null));
}

export function newConversation(settings: Settings): Conversation {
  return { id: randomToken().slice(0, 12), title: "", changed_unix_ms: Date.now(), settings, exchanges: [] };
}

export function titleOf(conversation: Conversation): string {
  return conversation.title || (conversation.exchanges[0]?.input ?? "").trim().replace(/\s+/g, " ").slice(0, 80);
}

/** Without its oldest exchanges, where it has become too long to be kept. */
function bounded(conversation: Conversation): Conversation {
  let { exchanges } = conversation;
  let chars = JSON.stringify(exchanges).length;
  while (chars > conversationCharsMax && exchanges.length > 1) {
    chars -= JSON.stringify(exchanges[0]).length;
    exchanges = exchanges.slice(1);
    notice.set("beginning_dropped");
  }
  return exchanges === conversation.exchanges ? conversation : { ...conversation, exchanges };
}

/** Forgets the oldest but `except` until all are within bounds. */
function makeRoom(except: string): void {
  const oldestFirst = () => sorted(conversations.get()).reverse().filter(({ id }) => id !== except);
  for (;;) {
    const all = kept(prefix);
    const chars = all.reduce((sum, one) => sum + one.chars, 0);
    const oldest = oldestFirst()[0];
    if (oldest === undefined || (all.length <= conversationsMax && chars <= allCharsMax)) return;
    forget(oldest.id);
    notice.set("oldest_dropped");
  }
}

function forget(id: string): void {
  remove(prefix + id);
  conversations.set(conversations.get().filter((one) => one.id !== id));
}

function write(conversation: Conversation): void {
  while (!save(prefix + conversation.id, conversation)) {
    // Full, or forbidden: then nothing is kept that could be forgotten for it.
    const held = new Set(kept(prefix).map(({ key }) => key.slice(prefix.length)));
    const oldest = conversations.get().filter(({ id }) => id !== conversation.id && held.has(id)).at(-1);
    if (oldest === undefined) return notice.set("not_kept");
    forget(oldest.id);
    notice.set("oldest_dropped");
  }
  makeRoom(conversation.id);
}

/** Puts it first of all and keeps it. */
export function put(conversation: Conversation): void {
  const now = bounded({ ...conversation, changed_unix_ms: Date.now() });
  conversations.set([now, ...conversations.get().filter(({ id }) => id !== now.id)]);
  write(now);
}

/** Changes one where it stands; nothing if it was deleted meanwhile. */
export function update(id: string, change: (conversation: Conversation) => Conversation): void {
  const list = conversations.get();
  const found = list.find((one) => one.id === id);
  if (found === undefined) return;
  const changed = bounded(change(found));
  conversations.set(list.map((one) => (one.id === id ? changed : one)));
  write(changed);
}

/** Shows as stopped what a tab that is gone had begun. If that tab does end it, that is what stands. */
export function markStopped(exchangeId: string): void {
  conversations.set(conversations.get().map((one) => (one.exchanges.some(({ id }) => id === exchangeId) ? stopped(one) : one)));
}

/** Returns what brings it back. */
export function deleteConversation(id: string): () => void {
  const found = conversations.get().find((one) => one.id === id);
  forget(id);
  return () => {
    if (found === undefined) return;
    const back = stopped(found);
    conversations.set(sorted([back, ...conversations.get()]));
    write(back);
  };
}

conversations.set(sorted(kept(prefix).flatMap(({ key }) => read(key) ?? [])));

// What another tab wrote or deleted.
addEventListener("storage", ({ key, newValue }) => {
  if (!key?.startsWith(`qaio.${prefix}`)) return;
  const id = key.slice(`qaio.${prefix}`.length);
  const others = conversations.get().filter((one) => one.id !== id);
  const changed = newValue === null ? null : read(prefix + id);
  conversations.set(changed === null ? others : sorted([changed, ...others]));
});
