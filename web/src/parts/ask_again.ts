// What failed for want of a key is asked for again once there is one.
import { useEffect, useState } from "preact/hooks";

import { isKeyError } from "../api/http";
import { keysGiven } from "../api/key";

/** Counts the keys that were given after such an `error`: for the list of what an effect depends on. */
export function useAskAgain(error: unknown): number {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (!isKeyError(error)) return;
    return keysGiven.subscribe(() => setTimes((before) => before + 1));
  }, [error]);
  return times;
}
