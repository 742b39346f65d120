import { useEffect, useId, useRef, useState } from "preact/hooks";

import { serverState } from "../../api/server_state";
import { listTasks } from "../../api/tasks";
import type { TaskInfo } from "../../api/tasks";
import { useTexts } from "../../i18n";
import { useAtEnd } from "../../parts/at_end";
import { Icon } from "../../parts/icon";
import { useLoaded } from "../../parts/loaded";
import { useStore } from "../../store";
import { defaultSettings } from "./conversations";
import type { Settings } from "./conversations";
import { settingsTexts } from "./strings";

const defaultTasks = ["sentiment", "chat"]; // as POST /chat has them

function NumberField({ label, hint, placeholder, value, check, fault, step, onChange }: {
  label: string;
  hint: string;
  placeholder: string;
  value: number | null;
  check: (value: number) => boolean;
  fault: string;
  step: number;
  onChange: (value: number | null) => void;
}) {
  const id = useId();
  const [text, setText] = useState(value === null ? "" : String(value));
  const [wrong, setWrong] = useState(false);
  useEffect(() => {
    if (value === null) setText(""); // it was reset
  }, [value]);
  const take = (field: HTMLInputElement) => {
    setText(field.value);
    const number = field.value.trim() === "" ? null : Number(field.value);
    const good = !field.validity.badInput && (number === null || check(number));
    setWrong(!good);
    if (good) onChange(number);
  };
  return (
    <div class="form-field">
      <label for={id}>{label}</label>
      <input id={id} type="number" inputMode="decimal" step={step} value={text} placeholder={placeholder}
        aria-invalid={wrong} aria-describedby={`${id}-hint`} onInput={(event) => take(event.currentTarget)} />
      <span id={`${id}-hint`} class={wrong ? "small error" : "small soft"}>{wrong ? fault : hint}</span>
    </div>
  );
}

function TaskChoice({ tasks, chosen, onChange }: { tasks: TaskInfo[]; chosen: string[]; onChange: (names: string[]) => void }) {
  const words = useTexts(settingsTexts);
  const toggle = (name: string, on: boolean) =>
    onChange(tasks.map((task) => task.name).filter((other) => (other === name ? on : chosen.includes(other))));
  return (
    <fieldset>
      <legend>{words.tasks}</legend>
      {tasks.map(({ name, kind }) => (
        <label key={name} class="check">
          <input type="checkbox" checked={chosen.includes(name)} disabled={chosen.length === 1 && chosen[0] === name}
            onChange={(event) => toggle(name, event.currentTarget.checked)} />
          <span>{name}</span> <span class="soft small">{words.kinds[kind]}</span>
        </label>
      ))}
      {chosen.length === 1 && <p class="soft small">{words.needsTask}</p>}
    </fieldset>
  );
}

/** Undefined until they are known, null if they cannot be read. */
function useTasks(): TaskInfo[] | null | undefined {
  const state = useStore(serverState);
  const { loaded } = useLoaded(state === "ready" ? listTasks : null, [state]);
  return loaded.state === "there" ? loaded.value : loaded.state === "failed" ? null : undefined;
}

/** What is edited here becomes the conversation's once, at the end: each change of that stores all of it. */
export function SettingsDialog({ settings: initial, onChange, onClose }: {
  settings: Settings;
  onChange: (settings: Settings) => void;
  onClose: () => void;
}) {
  const words = useTexts(settingsTexts);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const tasks = useTasks();
  const chat = tasks?.find(({ name }) => name === "chat");
  const [settings, setSettings] = useState(initial);
  const set = (change: Partial<Settings>) => setSettings((now) => ({ ...now, ...change }));
  const taken = useRef(initial);
  const take = () => {
    if (taken.current !== settings) onChange(settings);
    taken.current = settings;
  };
  useAtEnd(take); // closed, left for another address, or gone with the page
  const whole = (least: number) => (value: number) => Number.isSafeInteger(value) && value >= least;
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="sheet settings" aria-labelledby={`${id}-heading`} onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
      <div class="sheet-body">
        <div class="sheet-head">
          <h2 id={`${id}-heading`}>{words.heading}</h2>
          <button class="plain" aria-label={words.close} onClick={() => dialog.current?.close()}><Icon name="close" /></button>
        </div>
        <div class="form-field">
          <label for={`${id}-system`}>{words.system}</label>
          <textarea id={`${id}-system`} rows={3} value={settings.system} placeholder={words.systemPlaceholder}
            aria-describedby={`${id}-system-hint`} onInput={(event) => set({ system: event.currentTarget.value })} />
          <span id={`${id}-system-hint`} class="small soft">{words.systemHint}</span>
        </div>
        <div class="form-fields">
          <NumberField label={words.temperature} hint={words.hints.temperature} step={0.1} value={settings.temperature}
            placeholder={String(chat?.temperature ?? "")} check={(value) => value >= 0 && value <= 10} fault={words.range(0, 10)}
            onChange={(temperature) => set({ temperature })} />
          <NumberField label={words.topP} hint={words.hints.top_p} step={0.05} value={settings.top_p}
            placeholder={String(chat?.top_p ?? "")} check={(value) => value >= 0 && value <= 1} fault={words.range(0, 1)}
            onChange={(top_p) => set({ top_p })} />
          <NumberField label={words.length} hint={words.hints.max_new_tokens} step={1} value={settings.max_new_tokens}
            placeholder={String(chat?.max_new_tokens ?? "")} check={whole(1)} fault={words.atLeast(1)}
            onChange={(max_new_tokens) => set({ max_new_tokens })} />
          <NumberField label={words.seed} hint={words.hints.seed} step={1} value={settings.seed} placeholder={words.random}
            check={whole(0)} fault={words.atLeast(0)} onChange={(seed) => set({ seed })} />
        </div>
        {tasks === null && <p class="soft small">{words.tasksFailed}</p>}
        {tasks && <TaskChoice tasks={tasks} chosen={settings.tasks ?? defaultTasks} onChange={(names) => set({ tasks: names })} />}
        <button onClick={() => setSettings(defaultSettings)}>{words.reset}</button>
      </div>
    </dialog>
  );
}
