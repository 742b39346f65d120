// What the server says of a key.
import { ApiError, errorOf, jsonOf } from "./http";

export interface KeyInfo {
  name: string;
  scopes: string[];
  expires: string | null; // RFC 3339; null: never
}

/** The public part of a key, which tells keys apart. */
export function idOf(text: string): string | null {
  return /^qaio_(.{8})_/.exec(text)?.[1] ?? null;
}

/**
 * Whether the server takes the key: if not, it throws ApiError. What it is for the server tells those who may
 * see all keys; null for the others, and where there are none.
 */
export async function askAboutKey(text: string, signal?: AbortSignal): Promise<KeyInfo | null> {
  let response: Response;
  try {
    response = await fetch("/keys", { headers: { Authorization: `Bearer ${text}` }, ...(signal && { signal }) });
  } catch (error) {
    throw new ApiError(0, "unreachable", String(error));
  }
  if (response.status === 403 || response.status === 404) return null;
  if (!response.ok) throw await errorOf(response);
  const { keys } = await jsonOf<{ keys: (KeyInfo & { id: string })[] }>(response);
  return keys.find(({ id }) => id === idOf(text)) ?? null;
}
