// What the server is asked for, again when the question changes; only the last answer counts.
import { useEffect, useState } from "preact/hooks";

import { mayAskForKey } from "../api/key";
import { useAskAgain } from "./ask_again";

type Loaded<T> = { state: "working" } | { state: "failed"; error: unknown } | { state: "there"; value: T };

/** `ask` is called when one of `keys` changes, and by `again`; null asks nothing. What was there stays shown until then. */
export function useLoaded<T>(ask: ((signal: AbortSignal) => Promise<T>) | null, keys: unknown[]) {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "working" });
  const [busy, setBusy] = useState(true);
  const [tries, setTries] = useState(0);
  const keysGiven = useAskAgain(loaded.state === "failed" ? loaded.error : null);
  useEffect(() => {
    if (ask === null) return;
    const abort = new AbortController();
    setBusy(true);
    ask(abort.signal).then(
      (value) => {
        if (abort.signal.aborted) return;
        setLoaded({ state: "there", value });
        setBusy(false);
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setLoaded({ state: "failed", error });
        setBusy(false);
      },
    );
    return () => abort.abort();
  }, [...keys, tries, keysGiven]);
  const again = () => {
    mayAskForKey();
    setTries((before) => before + 1);
  };
  return { loaded, busy, again };
}
