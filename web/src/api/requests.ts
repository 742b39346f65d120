// The records of requests: where their time went (docs/http.md, "The last requests").
import { ApiError, getJson, post } from "./http";

export interface Interval {
  stage: string;
  begin_ms: number;
  end_ms: number;
}

/** Its times, as those of its intervals, are since the request's first byte. */
export interface Lane {
  lane: string; // "request", else the name of a task
  begin_ms: number;
  end_ms: number;
  intervals: Interval[];
  dropped_intervals: number;
}

/** Moments are in ms since the request's first byte; null: it never came to that. */
interface TaskCounters {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  prefill_steps: number;
  decode_steps: number;
  batch_max: number;
  batch_sum: number;
  queued_ahead: number;
  submitted_ms: number | null;
  scheduled_ms: number | null;
  first_token_ms: number | null;
  last_token_ms: number | null;
  gap_min_ms: number;
  gap_max_ms: number;
  forward_ms: number;
  sample_ms: number;
  detokenize_ms: number;
  questions: number;
  question_tokens: number;
  options: number;
}

export interface TaskView {
  task: string;
  finish_reason: string | null;
  error: string | null;
  label: string | null;
  score: number | null;
  prompt_version: string | null; // of the wording of questions about a text
  counters: TaskCounters;
}

/** Whether it answered questions about a text: other classifications are a single one without a wording. */
export function asksQuestions({ prompt_version: version, counters }: TaskView): boolean {
  return counters.questions > 1 || (version !== null && counters.questions > 0);
}

/** What a browser measured, in ms since it sent the request. */
export interface ClientStamps {
  first_byte_ms: number; // the head of the answer was there
  first_token_ms: number | null; // the first token was painted
  last_byte_ms: number; // the body was read to its end
  done_ms: number; // and painted
}

/** With what follows: network_ms + total_response_time_ms + rendering_ms is done_ms. */
interface ClientTimes extends ClientStamps {
  network_ms: number;
  rendering_ms: number;
}

export interface RequestView {
  request_id: string;
  trace: { trace_id: string; span_id: string; parent_span_id: string | null; sampled: boolean } | null;
  method: string;
  path: string;
  arrived_unix_ms: number;
  status: number;
  error: string | null;
  input_chars: number;
  input_tokens: number;
  requests_ahead: number;
  history_dropped: number;
  total_response_time_ms: number;
  breakdown: Record<string, number>;
  metrics: Record<string, number | null>;
  process: { cpu_ms: number; minor_faults: number; major_faults: number; context_switches: number };
  tasks: TaskView[];
  lanes: Lane[];
  client?: ClientTimes | null;
  same_id?: number;
}

export async function getRequest(id: string, signal?: AbortSignal): Promise<RequestView> {
  // As parts of a path these two mean the folder and its parent, however they are escaped.
  if (id !== "." && id !== "..") return getJson<RequestView>(`/requests/${encodeURIComponent(id)}`, signal);
  const [newest, ...others] = await listRequests(`?id=${id}`, signal);
  if (newest === undefined) throw new ApiError(404, "not_found", `no request has the id ${id}`);
  return { ...newest, same_id: others.length };
}

/** `query`: "?task=chat&limit=50", or empty. */
export async function listRequests(query: string, signal?: AbortSignal): Promise<RequestView[]> {
  return (await getJson<{ requests: RequestView[] }>(`/requests${query}`, signal)).requests;
}

/** The record of a request that has just ended: on another connection it is there moments later. */
export async function getNewRequest(id: string): Promise<RequestView> {
  for (const waitMs of [50, 200, 1000]) {
    try {
      return await getRequest(id);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return getRequest(id);
}

/** Afterwards the record is there. False where the server does not want the times. */
export async function reportClientTimes(id: string, token: string, stamps: ClientStamps): Promise<boolean> {
  const headers = { "X-Client-Token": token };
  try {
    await post(`/requests/${encodeURIComponent(id)}/client`, stamps, { headers, keepalive: true });
    return true;
  } catch {
    return false;
  }
}

/** The record with the browser's times, as the server derives them, where it does not have them. */
export function withClientTimes(record: RequestView, stamps: ClientStamps): RequestView {
  if (record.client) return record;
  const network_ms = Math.max(0, stamps.last_byte_ms - record.total_response_time_ms);
  const rendering_ms = stamps.done_ms - stamps.last_byte_ms;
  return { ...record, client: { ...stamps, network_ms, rendering_ms } };
}
