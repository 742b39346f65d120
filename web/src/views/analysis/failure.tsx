import { describeError } from "../../api/http";
import { useTexts } from "../../i18n";
import { texts } from "./strings";

/** What went wrong, in words, with another try. */
export function Failure({ error, again }: { error: unknown; again: () => void }) {
  const words = useTexts(texts);
  return (
    <p class="notice error" role="alert">{describeError(error)}{" "}
      <button onClick={again}>{words.again}</button></p>
  );
}
