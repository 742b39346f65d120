// One exchange: what the user said, what came back, and where the time went.
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { ApiError, describeError } from "../../api/http";
import type { Sentiment, TaskResult } from "../../api/chat";
import { getRequest } from "../../api/requests";
import type { RequestView } from "../../api/requests";
import { probability } from "../../format";
import { useTexts } from "../../i18n";
import { useAskAgain } from "../../parts/ask_again";
import { CopyButton } from "../../parts/copy_button";
import { SummaryLine, Waterfall } from "../../parts/waterfall";
import type { Summary } from "../../parts/waterfall_model";
import { useStore } from "../../store";
import type { Store } from "../../store";
import { fitHeight, isSendKey } from "./composer";
import type { Exchange } from "./conversations";
import { describeFailure } from "./failure";
import type { Live } from "./session";
import { texts } from "./strings";

type MarkdownComponent = ComponentType<{ text: string }>;
let markdown: MarkdownComponent | null = null;

/** The text as it is until the code for its structure is there. */
function Reply({ text }: { text: string }) {
  const [Markdown, setMarkdown] = useState<MarkdownComponent | null>(() => markdown);
  useEffect(() => {
    if (markdown !== null) return;
    import("../../parts/markdown").then((module) => {
      markdown = module.Markdown;
      setMarkdown(() => module.Markdown);
    }, () => {}); // without it the text stays readable
  }, []);
  return Markdown === null ? <div class="markdown">{text}</div> : <Markdown text={text} />;
}

const tones: Record<string, string> = { 正面: "good", positive: "good", 负面: "bad", negative: "bad" };

function SentimentChip({ sentiment: { label, score } }: { sentiment: Sentiment }) {
  const words = useTexts(texts);
  const tone = tones[label?.toLowerCase() ?? ""] ?? "soft";
  const known = label === null ? undefined : words.sentimentNames[label];
  return (
    <span class={`label-chip ${tone}`}>
      <span class="visually-hidden">{words.sentiment}: </span>
      {known !== undefined && `${known} `}<span lang="zh-CN">{label ?? words.noLabel}</span>{score !== null && <b>{probability(score)}</b>}
    </span>
  );
}

function Result({ name, result }: { name: string; result: TaskResult }) {
  const words = useTexts(texts);
  return (
    <div class="result">
      <dt>{name}</dt>
      <dd>
        {"text" in result ? <span class="verbatim">{result.text}</span>
          : <span class="label-chip soft">{result.level ?? result.label ?? words.noLabel}
            {result.score !== null && <b>{probability(result.score)}</b>}</span>}
        {"mean" in result && result.mean !== undefined && <span class="soft small"> {words.mean(result.mean.toFixed(2))}</span>}
      </dd>
    </div>
  );
}

/** Folded: one line. Unfolded: the record, asked for then. */
function Times({ requestId, summary }: { requestId: string; summary: Summary | undefined }) {
  const words = useTexts(texts);
  const [open, setOpen] = useState(false);
  const [record, setRecord] = useState<RequestView | null>(null);
  const [error, setError] = useState<unknown>(null);
  const keysGiven = useAskAgain(error);
  useEffect(() => {
    if (!open || record !== null) return;
    const controller = new AbortController();
    setError(null);
    getRequest(requestId, controller.signal).then(setRecord, (failure: unknown) => {
      if (!controller.signal.aborted) setError(failure);
    });
    return () => controller.abort();
  }, [open, requestId, keysGiven]);
  let content: ComponentChildren = <p class="soft small">{words.recordLoading}</p>;
  if (record !== null) content = <Waterfall record={record} />;
  else if (error !== null) {
    const gone = error instanceof ApiError && error.status === 404;
    content = <p class="soft small">{gone ? words.recordGone : describeError(error)}</p>;
  }
  return (
    <details class="times" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary === undefined ? words.times : <SummaryLine summary={summary} />}</summary>
      {open && content}
    </details>
  );
}

function EditField({ text, idle, onSend, onCancel }: {
  text: string;
  idle: boolean;
  onSend: (text: string) => void;
  onCancel: () => void;
}) {
  const words = useTexts(texts);
  const field = useRef<HTMLTextAreaElement>(null);
  const [value, setValue] = useState(text);
  useEffect(() => field.current?.focus(), []);
  useLayoutEffect(() => fitHeight(field.current), [value]);
  const ready = idle && value.trim() !== "";
  const send = () => ready && onSend(value);
  return (
    <div class="edit">
      <textarea ref={field} rows={1} value={value} aria-label={words.editLabel} onInput={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.isComposing) onCancel();
          if (!isSendKey(event)) return;
          event.preventDefault();
          send();
        }} />
      <p><span class="soft small">{words.editWarning}</span>
        <button onClick={onCancel}>{words.cancel}</button>
        <button class="primary" disabled={!ready} onClick={send}>{words.editSend}</button></p>
    </div>
  );
}

function Said({ exchange, sentiment, idle, onAsk }: {
  exchange: Exchange;
  sentiment: Sentiment | undefined;
  idle: boolean;
  onAsk: (input: string) => void;
}) {
  const words = useTexts(texts);
  const [editing, setEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  if (editing) {
    const close = () => {
      setEditing(false);
      requestAnimationFrame(() => edit.current?.focus());
    };
    return <EditField text={exchange.input} idle={idle} onCancel={close} onSend={onAsk} />;
  }
  return (
    <div class="said">
      <span class="visually-hidden">{words.you}</span>
      <p class="bubble">{exchange.input}</p>
      <div class="said-foot">
        <span class="actions">
          <CopyButton text={exchange.input} />
          {idle && <button ref={edit} class="plain small" onClick={() => setEditing(true)}>{words.edit}</button>}
        </span>
        {sentiment && <SentimentChip sentiment={sentiment} />}
      </div>
    </div>
  );
}

function LiveReply({ live }: { live: Live }) {
  const words = useTexts(texts);
  if (live.phase === "waiting") return <p class="soft">{words.waiting}</p>;
  if (live.reply === "") return <p class="dots" role="img" aria-label={words.sending}><i /><i /><i /></p>;
  return <div class="streaming"><Reply text={live.reply} /></div>;
}

/** The exchange whose answer is coming: drawn again with each piece, and nothing else with it. */
export function RunningMessage({ exchange, live }: { exchange: Exchange; live: Store<Live> }) {
  const words = useTexts(texts);
  const now = useStore(live);
  return (
    <li class="exchange">
      <Said exchange={exchange} sentiment={now.sentiment} idle={false} onAsk={() => {}} />
      <div class="reply"><span class="visually-hidden">{words.model}</span><LiveReply live={now} /></div>
    </li>
  );
}

export function Message({ exchange, idle, last, onAsk }: {
  exchange: Exchange;
  idle: boolean; // nothing runs in this conversation
  last: boolean;
  onAsk: (input: string) => void; // in this one's place
}) {
  const words = useTexts(texts);
  const { state, reply, failure, results } = exchange;
  const ranChat = state !== "done" || exchange.finish_reason !== "scored";
  return (
    <li class="exchange">
      <Said exchange={exchange} sentiment={exchange.sentiment} idle={idle} onAsk={onAsk} />
      <div class="reply">
        <span class="visually-hidden">{words.model}</span>
        {reply !== "" && <Reply text={reply} />}
        {state === "done" && reply === "" && ranChat && results === undefined && <p class="soft">{words.noReply}</p>}
        {results && <dl class="results">{Object.entries(results).map(([name, result]) => <Result key={name} name={name} result={result} />)}</dl>}
        {state === "running" && <p class="soft">{words.elsewhere}</p>}
        {state === "stopped" && <p class="soft small">{reply === "" ? words.stoppedBefore : words.stopped}</p>}
        {failure && <p class="failure" role="alert">{describeFailure(failure)}</p>}
        {exchange.finish_reason === "length" && <p class="soft small">{words.lengthReached}</p>}
        {(exchange.history_dropped ?? 0) > 0 && <p class="soft small">{words.historyDropped(exchange.history_dropped!)}</p>}
        {state !== "running" && (
          <div class="reply-foot">
            {exchange.request_id && <Times requestId={exchange.request_id} summary={exchange.summary} />}
            <span class="actions">
              {reply !== "" && <CopyButton text={reply} />}
              {last && idle && <button class="plain small" onClick={() => onAsk(exchange.input)}>{words.retry}</button>}
            </span>
          </div>
        )}
      </div>
    </li>
  );
}
