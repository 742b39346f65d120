import { useId, useState } from "preact/hooks";

import { apiKey } from "../../api/key";
import { useTexts } from "../../i18n";
import { CopyButton } from "../../parts/copy_button";
import { useStore } from "../../store";
import { curl, javascript, python, toml } from "./code";
import type { Definition } from "./definition";
import { texts } from "./strings";

const forms = {
  toml: (task: Definition) => toml(task),
  curl, python, javascript,
};
type Form = keyof typeof forms;

/** The task in the form of choice. */
export function Export({ task, text }: { task: Definition; text: string }) {
  const words = useTexts(texts);
  const id = useId();
  const [form, setForm] = useState<Form>("toml");
  const names = Object.keys(forms) as Form[];
  const wantsKey = useStore(apiKey) !== null;
  const code = forms[form](task, text, { origin: location.origin, wantsKey });
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? names.length - 1 : 0;
    if (by === 0) return;
    const next = names[(names.indexOf(form) + by) % names.length]!;
    setForm(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <section class="card" aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>{words.export}</h2>
      <div class="tabs" role="tablist" aria-labelledby={`${id}-heading`} onKeyDown={step}>
        {names.map((name) => (
          <button key={name} id={`${id}-${name}`} role="tab" class="plain" aria-selected={name === form} aria-controls={`${id}-code`}
            tabIndex={name === form ? 0 : -1} onClick={() => setForm(name)}>{words.forms[name]}</button>
        ))}
      </div>
      <div id={`${id}-code`} role="tabpanel" aria-labelledby={`${id}-${form}`}>
        <pre class="export-code" tabIndex={0}><code>{code}</code></pre>
        <p class="export-foot"><span class="soft small">{words.formHints[form]}</span><CopyButton text={code} /></p>
      </div>
    </section>
  );
}
