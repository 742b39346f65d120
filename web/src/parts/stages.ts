// What the stages of docs/tracing.md are called and which colour they have, everywhere on the page.
import { defineTexts } from "../i18n";

const colours: Record<string, string> = {
  http_read: "http",
  parse: "http",
  serialize: "http",
  http_write: "http",
  prompt_build: "prompt",
  tokenize: "prompt",
  queue: "queue",
  prefill: "prefill",
  decode: "decode",
  score: "score",
  output_parse: "parse",
  network: "network",
  rendering: "render",
};

/** Those of a request as a whole, which add up to its time. */
export const requestStages = ["http_read", "parse", "tasks", "serialize", "http_write", "unattributed"];

/** The class that sets --stage to the stage's colour (parts.css). */
export function stageClass(stage: string): string {
  return `stage-${colours[stage] ?? "none"}`;
}

export const stageTexts = defineTexts<Record<string, string>>(
  {
    http_read: "read request",
    parse: "check request",
    tasks: "tasks",
    serialize: "write answer",
    http_write: "send answer",
    prompt_build: "build prompt",
    tokenize: "tokenize",
    queue: "queue",
    prefill: "read prompt (prefill)",
    decode: "generate (decode)",
    score: "score labels",
    output_parse: "parse output",
    unattributed: "unattributed",
    network: "network",
    server: "server",
    rendering: "rendering",
    request: "request",
    client: "browser",
  },
  {
    http_read: "接收请求",
    parse: "校验请求",
    tasks: "执行任务",
    serialize: "生成响应",
    http_write: "发送响应",
    prompt_build: "构建提示词",
    tokenize: "分词",
    queue: "排队",
    prefill: "读入提示词（prefill）",
    decode: "逐词生成（decode）",
    score: "标签打分",
    output_parse: "解析输出",
    unattributed: "未归类",
    network: "网络",
    server: "服务器",
    rendering: "渲染",
    request: "请求",
    client: "浏览器",
  },
);
