// Asks for the API key that the server wants, and shows the one in use.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError, describeError } from "../api/http";
import { apiKey, closeKeyDialog, forgetKey, giveKey, isKeyText, keyDialogOpen, keyRefusal } from "../api/key";
import { askAboutKey, idOf } from "../api/key_info";
import { dateTime } from "../format";
import { defineTexts, useTexts } from "../i18n";
import { useStore } from "../store";
import { Icon } from "./icon";
import { useLoaded } from "./loaded";

const texts = defineTexts(
  {
    title: "API key",
    close: "Close",
    why: {
      missing_api_key: "This server answers only with an API key.",
      invalid_api_key: "The server does not take this key. It may have been revoked.",
      expired_api_key: "This key has expired.",
    } as Record<string, string>,
    nothingLost: "What you were doing goes on once there is a key.",
    field: "API key",
    show: "Show",
    hint: "Whoever runs the server makes one with “qaio keys”.",
    notAKey: "A key has no blanks and only letters, digits and signs of ASCII.",
    remember: "Remember on this device",
    forTab: "Otherwise it is kept for this tab only.",
    plain: "This page came over plain HTTP: whoever is on the way can read the key.",
    use: "Use this key",
    later: "Not now",
    inUse: "In use",
    name: "Name",
    scopes: "Scopes",
    expires: "Expires",
    never: "never",
    kept: "Kept",
    onDevice: "on this device",
    inTab: "for this tab",
    forget: "Forget it",
    another: "Another key",
  },
  {
    title: "API 密钥",
    close: "关闭",
    why: {
      missing_api_key: "访问此服务器需要 API 密钥。",
      invalid_api_key: "服务器不接受这个密钥，它可能已被吊销。",
      expired_api_key: "这个密钥已过期。",
    } as Record<string, string>,
    nothingLost: "输入密钥后，刚才的操作会继续进行。",
    field: "API 密钥",
    show: "显示",
    hint: "密钥由服务器管理员用 “qaio keys” 创建。",
    notAKey: "密钥不含空格，只能由 ASCII 字母、数字和符号组成。",
    remember: "在此设备上记住",
    forTab: "否则仅在当前标签页中保存。",
    plain: "此页面通过未加密的 HTTP 打开，传输途中的密钥可能被他人读取。",
    use: "使用此密钥",
    later: "暂不",
    inUse: "当前密钥",
    name: "名称",
    scopes: "权限",
    expires: "有效期至",
    never: "永久有效",
    kept: "保存位置",
    onDevice: "此设备",
    inTab: "当前标签页",
    forget: "忘记此密钥",
    another: "换用其他密钥",
  },
);

/** What people copy: with blanks around it, or with the header's first word. */
function keyOf(typed: string): string {
  return typed.trim().replace(/^Bearer\s+/i, "");
}

/** "qaio_Ab3dEf6h_…", without the secret. */
function shortened(text: string): string {
  const id = idOf(text);
  return id === null ? `${text.slice(0, 4)}…` : `qaio_${id}_…`;
}

function InUse({ text, onDevice, onForget }: { text: string; onDevice: boolean; onForget: () => void }) {
  const words = useTexts(texts);
  const { loaded } = useLoaded((signal) => askAboutKey(text, signal), [text]);
  const info = loaded.state === "there" ? loaded.value : null;
  return (
    <section>
      <h3>{words.inUse}</h3>
      <dl class="figures">
        {info !== null && <><dt>{words.name}</dt><dd>{info.name}</dd></>}
        <dt>{words.field}</dt><dd class="mono">{shortened(text)}</dd>
        {info !== null && <><dt>{words.scopes}</dt><dd>{info.scopes.join(", ")}</dd></>}
        {info !== null && <><dt>{words.expires}</dt><dd>{info.expires === null ? words.never : dateTime(Date.parse(info.expires))}</dd></>}
        <dt>{words.kept}</dt><dd>{onDevice ? words.onDevice : words.inTab}</dd>
      </dl>
      {loaded.state === "failed" && <p class="error" role="alert">{describeError(loaded.error)}</p>}
      <p><button type="button" onClick={onForget}>{words.forget}</button></p>
    </section>
  );
}

/** The field; `onEnd` once the server takes what was typed, or nothing is to come. */
function KeyForm({ inUse, onEnd }: { inUse: boolean; onEnd: () => void }) {
  const words = useTexts(texts);
  const id = useId();
  const [typed, setTyped] = useState("");
  const [shown, setShown] = useState(false);
  const [onDevice, setOnDevice] = useState(apiKey.get()?.onDevice ?? false);
  const [checking, setChecking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const why = useStore(keyRefusal);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (!inUse) field.current?.focus();
  }, []);
  const refuse = (sentence: string) => {
    setProblem(sentence);
    field.current?.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault(); // the page's policy lets no form go anywhere
    const text = keyOf(typed);
    if (checking || text === "") return;
    if (!isKeyText(text)) return refuse(words.notAKey);
    setChecking(true);
    setProblem(null);
    try {
      await askAboutKey(text);
      giveKey(text, onDevice);
      onEnd();
    } catch (error) {
      const code = error instanceof ApiError && error.status === 401 ? error.code : "";
      refuse(words.why[code] ?? describeError(error));
    }
    setChecking(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      {inUse && <h3>{words.another}</h3>}
      {!inUse && why !== null && <p>{words.why[why] ?? words.why["missing_api_key"]} <span class="soft">{words.nothingLost}</span></p>}
      <div class="form-field">
        <label for={`${id}-key`}>{words.field}</label>
        <span class="key-field">
          <input ref={field} id={`${id}-key`} {...(shown ? { type: "text" as const } : { type: "password" as const })} class="mono" value={typed} spellcheck={false}
            autocomplete="off" autocapitalize="off" aria-invalid={problem !== null} aria-describedby={`${id}-hint`} onInput={(event) => {
              setTyped(event.currentTarget.value);
              setProblem(null);
            }} />
          <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>{words.show}</button>
        </span>
        <span id={`${id}-hint`} class={problem === null ? "small soft" : "small error"} role={problem === null ? undefined : "alert"}>
          {problem ?? words.hint}</span>
      </div>
      <label class="check"><input type="checkbox" checked={onDevice} aria-describedby={`${id}-tab`}
        onChange={(event) => setOnDevice(event.currentTarget.checked)} /> {words.remember}</label>
      <p id={`${id}-tab`} class="small soft">{words.forTab}</p>
      {!isSecureContext && <p class="small warn">{words.plain}</p>}
      <p class="key-actions">
        <button type="button" onClick={onEnd}>{inUse ? words.close : words.later}</button>
        <button class="primary" disabled={checking || keyOf(typed) === ""}>{words.use}</button>
      </p>
    </form>
  );
}

function Dialog() {
  const words = useTexts(texts);
  const [key, setKey] = useState(apiKey.get()); // as it was opened; the one that is given closes it
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    dialog.current?.showModal();
    // Closed by another tab's key: as the user would, so that the focus goes back to where it was.
    return keyDialogOpen.subscribe(() => dialog.current?.close());
  }, []);
  const close = () => dialog.current?.close();
  const forget = () => {
    forgetKey();
    setKey(null);
  };
  return (
    <dialog ref={dialog} class="sheet key-dialog" aria-labelledby={`${id}-heading`} onClose={closeKeyDialog}>
      <div class="sheet-body">
        <div class="sheet-head">
          <h2 id={`${id}-heading`}>{words.title}</h2>
          <button class="plain" aria-label={words.close} onClick={close}><Icon name="close" /></button>
        </div>
        {key !== null && <InUse {...key} onForget={forget} />}
        <KeyForm key={key === null ? "ask" : "change"} inUse={key !== null} onEnd={close} />
      </div>
    </dialog>
  );
}

export function KeyDialog() {
  return useStore(keyDialogOpen) ? <Dialog /> : null;
}
