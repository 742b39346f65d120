// A file of the server's to take along.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { call, describeError } from "../api/http";
import { apiKey, keyRefusal, mayAskForKey } from "../api/key";
import { useStore } from "../store";

/** The name that the server gives the file, or the last part of its path. */
function nameOf(path: string, response: Response): string {
  const given = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return given ?? path.split("?")[0]!.split("/").pop()!;
}

async function saveFile(path: string): Promise<void> {
  mayAskForKey();
  const response = await call(path);
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = nameOf(path, response);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // by then the browser has it
}

/** A link; where the server wants a key a button, as a link sends none. */
export function Download({ path, children }: { path: string; children: ComponentChildren }) {
  const key = useStore(apiKey);
  const refusal = useStore(keyRefusal);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (key === null && refusal === null) return <a href={path} download>{children}</a>;
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      await saveFile(path);
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  return (
    <>
      <button class="link" disabled={busy} onClick={() => void save()}>{children}</button>
      {error !== null && <span class="error small" role="alert"> {describeError(error)}</span>}
    </>
  );
}
