// Write a task, try it on texts, take it along.
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { mayAskForKey } from "../../api/key";
import { currentTexts, useTexts } from "../../i18n";
import { useAtEnd } from "../../parts/at_end";
import { faultOf, loadDraft, saveDraft } from "./definition";
import type { Draft } from "./definition";
import { Export } from "./export";
import { Results } from "./results";
import { texts } from "./strings";
import { TaskEditor } from "./task_editor";
import { runTrials, textsMax } from "./trial";
import type { Trial } from "./trial";

const allPresets = [...texts.en.presets, ...texts.zh.presets].map(([, preset]) => preset);

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

export default function Playground() {
  const words = useTexts(texts);
  const id = useId();
  const [draft, setDraft] = useState<Draft>(() => loadDraft(currentTexts(texts).presets[0]![1]));
  const [own, setOwn] = useState<Draft | null>(null); // what an example took the place of
  const [trials, setTrials] = useState<Trial[]>([]);
  const [running, setRunning] = useState<AbortController | null>(null);
  const saved = useRef(draft);
  const saveChanged = () => {
    if (saved.current !== draft) saveDraft(draft);
    saved.current = draft;
  };
  useEffect(() => {
    const timer = setTimeout(saveChanged, 300); // not with every letter
    return () => clearTimeout(timer);
  }, [draft]);
  useAtEnd(saveChanged);
  const latest = useRef(running);
  latest.current = running;
  useEffect(() => () => latest.current?.abort(), []);

  const { task } = draft;
  const fault = faultOf(task);
  const lines = linesOf(draft.texts);
  const done = trials.filter(({ state }) => state === "done" || state === "failed").length;
  const run = async () => {
    mayAskForKey();
    const controller = new AbortController();
    setRunning(controller);
    await runTrials(task, lines.slice(0, textsMax), controller.signal, setTrials);
    setRunning(null);
  };
  const show = (next: Draft) => {
    const isPreset = allPresets.some((preset) => JSON.stringify(preset) === JSON.stringify(draft));
    setOwn(next === own ? null : isPreset ? own : draft);
    setDraft(next);
    setTrials([]);
  };
  return (
    <div class="playground">
      <h1>{words.heading}</h1>
      <p class="soft">{words.intro}</p>
      <p class="presets"><span class="soft">{words.examples}</span>
        {words.presets.map(([name, preset]) => (
          <button key={name} disabled={running !== null} onClick={() => show(preset)}>{name}</button>
        ))}
        {own !== null && <button disabled={running !== null} onClick={() => show(own)}>{words.backToOwn}</button>}</p>
      <div class="playground-columns">
        <TaskEditor task={task} fault={fault} onChange={(next) => setDraft({ ...draft, task: next })} />
        <div>
          <section class="card">
            <div class="form-field">
              <label for={`${id}-texts`}>{words.texts}</label>
              <textarea id={`${id}-texts`} rows={6} value={draft.texts} aria-describedby={`${id}-count`}
                onInput={(event) => setDraft({ ...draft, texts: event.currentTarget.value })} />
              <span id={`${id}-count`} class="small soft">{words.textsHint(lines.length)}
                {lines.length > textsMax && ` · ${words.tooMany(textsMax)}`}</span>
            </div>
            <div class="run-row">
              {running === null
                ? <button class="primary" disabled={fault !== null || lines.length === 0} onClick={() => void run()}>{words.run}</button>
                : <button onClick={() => running.abort()}>{words.cancel}</button>}
              {trials.length > 0 && <progress max={trials.length} value={done} aria-label={words.results} />}
              <span class="soft small" role="status">{trials.length > 0 && words.progress(done, trials.length)}</span>
            </div>
          </section>
          <Results trials={trials} />
        </div>
      </div>
      {fault === null && <Export task={task} text={lines[0] ?? ""} />}
    </div>
  );
}
