// The tasks of the server, as GET /v1/tasks lists them.
import { getJson } from "./http";

export interface TaskInfo {
  name: string;
  kind: "classify" | "generate";
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
