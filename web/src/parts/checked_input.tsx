// An input whose text is taken once it is whole and valid, and otherwise stays as it was typed.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const pauseMs = 1_000;

/**
 * `take` is called when the input is left, at Enter, and after a pause in typing; never with a text
 * that the input's own `min`, `max`, `step`, `required` forbid: then `problem` says what is wrong.
 * The input is not drawn anew while `text` is the same, so that what is being typed stays.
 */
export function CheckedInput({ id, text, problem, take, ...attributes }: {
  id: string;
  type: "number" | "datetime-local";
  text: string;
  min: number | string;
  max: number | string;
  step: "1" | "any";
  required?: boolean;
  inputMode?: "numeric" | "decimal";
  placeholder?: string | undefined;
  "aria-label"?: string;
  problem: (validity: ValidityState) => string;
  take: (text: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<number>(undefined);
  const latest = useRef({ text, take });
  latest.current = { text, take };
  const [wrong, setWrong] = useState(false);
  useLayoutEffect(() => {
    if (input.current!.value !== text) input.current!.value = text;
    setWrong(false);
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);

  function settle(done: boolean): void {
    clearTimeout(timer.current);
    if (input.current === null) return; // it goes away, and loses the focus by that
    const { value, validity } = input.current;
    setWrong(done && !validity.valid);
    if (validity.valid && value !== latest.current.text) latest.current.take(value);
  }
  function typed(): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => settle(false), pauseMs);
  }
  return (
    <span class="checked-input">
      <input {...attributes} id={id} ref={input} aria-invalid={wrong} aria-describedby={wrong ? `${id}-problem` : undefined}
        onInput={typed} onBlur={() => settle(true)} onKeyDown={(event) => event.key === "Enter" && settle(true)} />
      {wrong && <span class="problem-of-input" id={`${id}-problem`} role="alert">{problem(input.current!.validity)}</span>}
    </span>
  );
}
