// What is to happen once, before what somebody edited is gone.
import { useEffect, useRef } from "preact/hooks";

/** Calls the latest `action` when the component goes, or the page with it. */
export function useAtEnd(action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    const end = () => latest.current();
    addEventListener("pagehide", end);
    return () => {
      removeEventListener("pagehide", end);
      end();
    };
  }, []);
}
