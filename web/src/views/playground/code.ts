// A task as text for other programs: a [[task]] table, a command, client code.
import { toJson, wellFormed } from "../../api/http";
import { labelsOf, placeholder } from "./definition";
import type { Definition } from "./definition";

const url = (origin: string) => `${origin}/v1/chat/completions`;

/** The body that runs the task without the server knowing it. */
export function completionBody(task: Definition, text: string): Record<string, unknown> {
  const messages = [];
  if (task.system !== "") messages.push({ role: "system", content: task.system });
  messages.push({ role: "user", content: task.user.split(placeholder).join(text) });
  if (task.kind === "classify") return { messages, guided_choice: labelsOf(task) };
  const { max_new_tokens, temperature } = task;
  return { messages, max_tokens: max_new_tokens, ...(temperature !== null && { temperature }) };
}

/** Control characters that TOML wants escaped. */
function escaped(text: string): string {
  return wellFormed(text).replace(/\\/g, "\\\\")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function tomlString(text: string): string {
  if (!text.includes("\n")) return `"${escaped(text).replace(/"/g, '\\"').replace(/\t/g, "\\t")}"`;
  // The line break behind the opening quotes is not part of the text.
  return `"""\n${escaped(text).replace(/"(?="|$)/g, '\\"')}"""`;
}

export function toml(task: Definition): string {
  const lines = ["[[task]]", `name = ${tomlString(task.name)}`, `kind = "${task.kind}"`];
  if (task.system !== "") lines.push(`system = ${tomlString(task.system)}`);
  if (task.user !== placeholder) lines.push(`user = ${tomlString(task.user)}`);
  if (task.kind === "classify") lines.push(`labels = [${labelsOf(task).map(tomlString).join(", ")}]`);
  else {
    lines.push(`max_new_tokens = ${task.max_new_tokens}`);
    if (task.temperature !== null) lines.push(`temperature = ${task.temperature}`);
  }
  return `${lines.join("\n")}\n`;
}

/** For a POSIX shell: within single quotes nothing has a meaning but a single quote. */
function shellString(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

export function curl(task: Definition, text: string, origin: string): string {
  const body = toJson(completionBody(task, text), 2);
  return `curl -s ${shellString(url(origin))} -H 'Content-Type: application/json' -d ${shellString(body)}\n`;
}

// A string of JSON is one of Python and of JavaScript, too.
const literal = (value: string) => toJson(value);

export function python(task: Definition, text: string, origin: string): string {
  const classify = task.kind === "classify";
  const system = task.system === "" ? "" : `{"role": "system", "content": ${literal(task.system)}},\n            `;
  const rest = classify ? `"guided_choice": [${labelsOf(task).map(literal).join(", ")}],`
    : `"max_tokens": ${task.max_new_tokens},${task.temperature === null ? "" : `\n        "temperature": ${task.temperature},`}`;
  return `import json
import urllib.request


def run(text):
    body = {
        "messages": [
            ${system}{"role": "user", "content": ${literal(task.user)}.replace("${placeholder}", text)},
        ],
        ${rest}
    }
    request = urllib.request.Request(
        ${literal(url(origin))},
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        choice = json.load(response)["choices"][0]
    return ${classify ? 'choice["message"]["content"], choice["scores"]' : 'choice["message"]["content"]'}


print(run(${literal(text)}))
`;
}

export function javascript(task: Definition, text: string, origin: string): string {
  const classify = task.kind === "classify";
  const system = task.system === "" ? "" : `{ role: "system", content: ${literal(task.system)} },\n        `;
  const rest = classify ? `guided_choice: [${labelsOf(task).map(literal).join(", ")}],`
    : `max_tokens: ${task.max_new_tokens},${task.temperature === null ? "" : `\n      temperature: ${task.temperature},`}`;
  return `async function run(text) {
  const response = await fetch(${literal(url(origin))}, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      messages: [
        ${system}{ role: "user", content: ${literal(task.user)}.replace("${placeholder}", () => text) },
      ],
      ${rest}
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  const [choice] = answer.choices;
  return ${classify ? "{ label: choice.message.content, scores: choice.scores }" : "choice.message.content"};
}

console.log(await run(${literal(text)}));
`;
}
