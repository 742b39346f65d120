// The tasks of the server, as GET /v1/tasks lists them.
import { getJson } from "./http";

export const questionKinds = ["choice", "score", "yes_no"] as const;
export type QuestionKind = (typeof questionKinds)[number];
export const taskKinds = ["classify", "generate", ...questionKinds] as const;
export type TaskKind = (typeof taskKinds)[number];

export interface TaskInfo {
  name: string;
  kind: TaskKind;
  labels?: string[];
  max_new_tokens?: number;
  temperature?: number;
  top_p?: number;
  history: boolean;
  max_prompt_tokens: number;
}

export async function listTasks(signal?: AbortSignal): Promise<TaskInfo[]> {
  return (await getJson<{ tasks: TaskInfo[] }>("/v1/tasks", signal)).tasks;
}
