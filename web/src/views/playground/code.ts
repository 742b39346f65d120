// A task as text for other programs: a [[task]] table, a command, client code.
import { toJson, wellFormed } from "../../api/http";
import { isQuestion, labelsOf, levelsOf, optionsOf, placeholder } from "./definition";
import type { Definition, QuestionDefinition } from "./definition";

/** Where the task runs without the server knowing it. */
export function pathOf(task: Definition): string {
  return isQuestion(task) ? "/v1/decisions" : "/v1/chat/completions";
}

/** The server that the code calls. */
export interface Server {
  origin: string;
  wantsKey: boolean; // which stands in the environment, never in the code
}

const keyVariable = "QAIO_API_KEY";

const url = (task: Definition, { origin }: Server) => `${origin}${pathOf(task)}`;

/** The question as /v1/decisions takes it. */
function decisionQuestion(task: QuestionDefinition): Record<string, unknown> {
  const asked = { name: task.name, ...(task.question.trim() !== "" && { instructions: task.question.trim() }) };
  if (task.kind === "yes_no") return { type: "predicate", ...asked };
  if (task.kind === "score") return { type: "score", ...asked, levels: levelsOf(task).map((label) => ({ label })) };
  const choices = optionsOf(task).map(({ name, description }) => ({ value: name, ...(description !== "" && { description }) }));
  return { type: "choice", ...asked, choices };
}

/** The body that runs the task without the server knowing it. */
export function bodyOf(task: Definition, text: string): Record<string, unknown> {
  if (isQuestion(task)) {
    const input = [...(task.system === "" ? [] : [{ role: "system", content: task.system }]), { role: "user", content: text }];
    return { input, questions: [decisionQuestion(task)] };
  }
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

function questionToml(task: QuestionDefinition): string[] {
  const lines = task.question.trim() === "" ? [] : [`question = ${tomlString(task.question.trim())}`];
  if (task.kind === "score") lines.push(`levels = [${levelsOf(task).map(tomlString).join(", ")}]`);
  if (task.kind === "choice") {
    const options = optionsOf(task).map(({ name, description }) =>
      (description === "" ? tomlString(name) : `{ name = ${tomlString(name)}, description = ${tomlString(description)} }`));
    lines.push("options = [", ...options.map((option) => `  ${option},`), "]");
  }
  return lines;
}

export function toml(task: Definition): string {
  const lines = ["[[task]]", `name = ${tomlString(task.name)}`, `kind = "${task.kind}"`];
  if (task.system !== "") lines.push(`system = ${tomlString(task.system)}`);
  if (isQuestion(task)) return `${[...lines, ...questionToml(task)].join("\n")}\n`;
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

export function curl(task: Definition, text: string, server: Server): string {
  const body = toJson(bodyOf(task, text), 2);
  const key = server.wantsKey ? ` -H "Authorization: Bearer $${keyVariable}"` : "";
  return `curl -s ${shellString(url(task, server))}${key} -H 'Content-Type: application/json' -d ${shellString(body)}\n`;
}

function pythonImports(server: Server): string {
  return `import json\n${server.wantsKey ? "import os\n" : ""}import urllib.request\n`;
}

function pythonHeaders({ wantsKey }: Server): string {
  if (!wantsKey) return `{"Content-Type": "application/json"}`;
  return `{
            "Content-Type": "application/json",
            "Authorization": "Bearer " + os.environ["${keyVariable}"],
        }`;
}

function javascriptHeaders({ wantsKey }: Server): string {
  const key = wantsKey ? `, Authorization: \`Bearer \${process.env.${keyVariable}}\`` : "";
  return `{ "Content-Type": "application/json"${key} }`;
}

// A string of JSON is one of Python and of JavaScript, too.
const literal = (value: string) => toJson(value);

/** One of Python's and JavaScript's object literals alike: without true, false and null. */
function questionLiteral(task: QuestionDefinition): string {
  return toJson([decisionQuestion(task)]);
}

function questionPython(task: QuestionDefinition, text: string, server: Server): string {
  const system = task.system === "" ? "" : `{"role": "system", "content": ${literal(task.system)}},\n            `;
  return `${pythonImports(server)}

def run(text):
    body = {
        "input": [
            ${system}{"role": "user", "content": text},
        ],
        "questions": ${questionLiteral(task)},
    }
    request = urllib.request.Request(
        ${literal(url(task, server))},
        json.dumps(body).encode(),
        ${pythonHeaders(server)},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["answers"][0]


print(run(${literal(text)}))
`;
}

function questionJavascript(task: QuestionDefinition, text: string, server: Server): string {
  const system = task.system === "" ? "" : `{ role: "system", content: ${literal(task.system)} },\n        `;
  return `async function run(text) {
  const response = await fetch(${literal(url(task, server))}, {
    method: "POST",
    headers: ${javascriptHeaders(server)},
    body: JSON.stringify({
      input: [
        ${system}{ role: "user", content: text },
      ],
      questions: ${questionLiteral(task)},
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer.answers[0];
}

console.log(await run(${literal(text)}));
`;
}

export function python(task: Definition, text: string, server: Server): string {
  if (isQuestion(task)) return questionPython(task, text, server);
  const classify = task.kind === "classify";
  const system = task.system === "" ? "" : `{"role": "system", "content": ${literal(task.system)}},\n            `;
  const rest = classify ? `"guided_choice": [${labelsOf(task).map(literal).join(", ")}],`
    : `"max_tokens": ${task.max_new_tokens},${task.temperature === null ? "" : `\n        "temperature": ${task.temperature},`}`;
  return `${pythonImports(server)}

def run(text):
    body = {
        "messages": [
            ${system}{"role": "user", "content": ${literal(task.user)}.replace("${placeholder}", text)},
        ],
        ${rest}
    }
    request = urllib.request.Request(
        ${literal(url(task, server))},
        json.dumps(body).encode(),
        ${pythonHeaders(server)},
    )
    with urllib.request.urlopen(request) as response:
        choice = json.load(response)["choices"][0]
    return ${classify ? 'choice["message"]["content"], choice["scores"]' : 'choice["message"]["content"]'}


print(run(${literal(text)}))
`;
}

export function javascript(task: Definition, text: string, server: Server): string {
  if (isQuestion(task)) return questionJavascript(task, text, server);
  const classify = task.kind === "classify";
  const system = task.system === "" ? "" : `{ role: "system", content: ${literal(task.system)} },\n        `;
  const rest = classify ? `guided_choice: [${labelsOf(task).map(literal).join(", ")}],`
    : `max_tokens: ${task.max_new_tokens},${task.temperature === null ? "" : `\n      temperature: ${task.temperature},`}`;
  return `async function run(text) {
  const response = await fetch(${literal(url(task, server))}, {
    method: "POST",
    headers: ${javascriptHeaders(server)},
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
