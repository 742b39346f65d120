// What the server says of a key.
import { ApiError, errorOf, jsonOf } from "./http";

export interface KeyInfo {
  name: string;
  scopes: string[];
  expires_unix_ms: number | null;
}

/** Null where the server has no keys, or one in front of it looks at them. ApiError: it does not take this one. */
export async function askAboutKey(text: string, signal?: AbortSignal): Promise<KeyInfo | null> {
  let response: Response;
  try {
    response = await fetch("/key", { headers: { Authorization: `Bearer ${text}` }, ...(signal && { signal }) });
  } catch (error) {
    throw new ApiError(0, "unreachable", String(error));
  }
  if (response.ok) return jsonOf<KeyInfo>(response);
  if (response.status === 404) return null;
  throw await errorOf(response);
}
