// A field for one moment, in the reader's own time.
import { defineTexts, useTexts } from "../i18n";
import { CheckedInput } from "./checked_input";
import { earliestInput, fromLocalInput, latestInput, toLocalInput } from "./local_time";

const texts = defineTexts(
  { incomplete: "Fill in the date and the time.", outside: "From the year 1971 to 9999." },
  { incomplete: "请填写完整的日期和时间。", outside: "年份须在 1971 到 9999 之间。" },
);

/** `take` gets undefined when the field was emptied; `required` forbids that. */
export function TimeInput({ id, label, unixMs, required = false, take }: {
  id: string;
  label: string;
  unixMs: string | null | undefined;
  required?: boolean;
  take: (unixMs: string | undefined) => void;
}) {
  const words = useTexts(texts);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <CheckedInput id={id} type="datetime-local" step="1" min={earliestInput} max={latestInput} required={required}
        text={toLocalInput(unixMs)} take={(text) => take(fromLocalInput(text))}
        problem={({ badInput, valueMissing }) => (badInput || valueMissing ? words.incomplete : words.outside)} />
    </div>
  );
}
