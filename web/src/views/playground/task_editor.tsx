import { useId } from "preact/hooks";

import { useTexts } from "../../i18n";
import { taskKinds } from "../../api/tasks";
import { isQuestion } from "./definition";
import type { Definition, Fault } from "./definition";
import { texts } from "./strings";

export function TaskEditor({ task, fault, onChange }: { task: Definition; fault: Fault | null; onChange: (task: Definition) => void }) {
  const words = useTexts(texts);
  const id = useId();
  const set = (change: Partial<Definition>) => onChange({ ...task, ...change });
  const number = (text: string) => (text.trim() === "" ? NaN : Number(text));
  const shown = (value: number) => (Number.isNaN(value) ? "" : String(value));
  const wrong = (...faults: Fault[]) => fault !== null && faults.includes(fault);
  return (
    <section class="card task-editor" aria-labelledby={`${id}-task`}>
      <h2 id={`${id}-task`}>{words.task}</h2>
      <div class="form-fields">
        <fieldset class="kind-choice">
          <legend>{words.kind}</legend>
          {taskKinds.map((kind) => (
            <label key={kind}>
              <input type="radio" name={`${id}-kind`} checked={task.kind === kind} onChange={() => set({ kind })} />
              <span>{words.kinds[kind]}</span>
            </label>
          ))}
        </fieldset>
        <div class="form-field">
          <label for={`${id}-name`}>{words.name}</label>
          <input id={`${id}-name`} value={task.name} maxLength={64} spellcheck={false} aria-invalid={wrong("name")}
            aria-describedby={`${id}-name-hint`} onInput={(event) => set({ name: event.currentTarget.value })} />
          <span id={`${id}-name-hint`} class="small soft">{words.nameHint}</span>
        </div>
      </div>
      <div class="form-field">
        <label for={`${id}-system`}>{words.system}</label>
        <textarea id={`${id}-system`} rows={3} value={task.system} onInput={(event) => set({ system: event.currentTarget.value })} />
      </div>
      {isQuestion(task) ? (
        <div class="form-field">
          <label for={`${id}-question`}>{words.question}</label>
          <textarea id={`${id}-question`} rows={2} value={task.question} aria-invalid={wrong("question")}
            onInput={(event) => set({ question: event.currentTarget.value })} />
        </div>
      ) : (
        <div class="form-field">
          <label for={`${id}-user`}>{words.user}</label>
          <textarea id={`${id}-user`} rows={1} value={task.user} aria-invalid={wrong("user")} aria-describedby={`${id}-user-hint`}
            onInput={(event) => set({ user: event.currentTarget.value })} />
          <span id={`${id}-user-hint`} class="small soft">{words.userHint}</span>
        </div>
      )}
      {task.kind === "choice" && (
        <div class="form-field">
          <label for={`${id}-options`}>{words.options}</label>
          <textarea id={`${id}-options`} rows={4} value={task.options} aria-invalid={wrong("options_few", "options_many", "options_same")}
            aria-describedby={`${id}-options-hint`} onInput={(event) => set({ options: event.currentTarget.value })} />
          <span id={`${id}-options-hint`} class="small soft">{words.optionsHint}</span>
        </div>
      )}
      {task.kind === "score" && (
        <div class="form-field">
          <label for={`${id}-levels`}>{words.levels}</label>
          <textarea id={`${id}-levels`} rows={4} value={task.levels} aria-invalid={wrong("levels")}
            onInput={(event) => set({ levels: event.currentTarget.value })} />
        </div>
      )}
      {task.kind === "classify" && (
        <div class="form-field">
          <label for={`${id}-labels`}>{words.labels}</label>
          <textarea id={`${id}-labels`} rows={4} value={task.labels} aria-invalid={wrong("labels_few", "labels_many", "labels_same")}
            onInput={(event) => set({ labels: event.currentTarget.value })} />
        </div>
      )}
      {task.kind === "generate" && (
        <div class="form-fields">
          <div class="form-field">
            <label for={`${id}-length`}>{words.length}</label>
            <input id={`${id}-length`} type="number" min={1} value={shown(task.max_new_tokens)} aria-invalid={wrong("max_new_tokens")}
              onInput={(event) => set({ max_new_tokens: number(event.currentTarget.value) })} />
          </div>
          <div class="form-field">
            <label for={`${id}-temperature`}>{words.temperature}</label>
            <input id={`${id}-temperature`} type="number" min={0} max={10} step={0.1} placeholder={words.modelsOwn}
              value={task.temperature === null ? "" : shown(task.temperature)} aria-invalid={wrong("temperature")}
              onInput={({ currentTarget: field }) =>
                set({ temperature: field.value === "" && !field.validity.badInput ? null : number(field.value) })} />
          </div>
        </div>
      )}
      <p class="error small" role="status">{fault === null ? "" : words.faults[fault]}</p>
    </section>
  );
}
