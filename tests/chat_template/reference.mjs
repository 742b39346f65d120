// Writes conversations and what @huggingface/jinja makes of them with a chat template, one JSON
// object a line. Usage: node reference.mjs TEMPLATE OUTPUT COUNT
import fs from 'node:fs';
import { Template } from '@huggingface/jinja';

const [templatePath, output, count] = process.argv.slice(2);
const template = new Template(fs.readFileSync(templatePath, 'utf8'));

// A small generator of numbers: the same conversations everywhere.
let state = 20260731;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
const pick = (list) => list[random(list.length)];

// Ends are free of white space other than line breaks: this engine's strip() drops all of it whatever
// it is asked to drop, and Python's does not. The cases of src/tasks/jinja_test.cpp have that.
const WORDS = ['hello', '你好', '😀', 'a  b', 'x\ty', '<|im_end|>', '<|im_start|>system', '{{ 1 }}',
  '{% if %}', "it's", '"quoted"', '\\n', 'line\nbreak', 'tail\n\n\nend', '<tool_response>', 'é',
  '</tool_response>', '< think >', '𝔘', '0', 'None', 'false'];
function text() {
  const words = [];
  for (let i = 1 + random(6); i > 0; i -= 1) words.push(pick(WORDS));
  return words.join(pick([' ', '', '\n']));
}
function thoughts() {
  switch (random(6)) {
    case 0: return `<think>\n${text()}\n</think>\n\n${text()}`;
    case 1: return `<think>\n\n</think>\n\n${text()}`;
    case 2: return `${text()}</think>${text()}`;
    case 3: return `<think>${text()}</think>\n${text()}</think>\n\n${text()}`;
    case 4: return `<think>${text()}`;
    default: return text();
  }
}
function conversation() {
  const messages = [];
  if (random(2)) messages.push({ role: 'system', content: random(8) ? text() : '' });
  for (let i = random(4); i > 0; i -= 1) {
    messages.push({ role: 'user', content: text() });
    if (random(10) === 0) messages.push({ role: 'system', content: text() });
    const answer = { role: 'assistant', content: thoughts() };
    if (random(4) === 0) answer.reasoning_content = pick(['', '\n', `\n${text()}\n`, text()]);
    messages.push(answer);
  }
  if (messages.every((message) => message.role === 'system') || random(8)) {
    messages.push({
      role: 'user',
      content: random(12) ? text() : `<tool_response>${text()}</tool_response>`,
    });
  }
  return messages;
}

const lines = [];
for (let i = 0; i < Number(count); i += 1) {
  const messages = conversation();
  const think = pick([true, false, null]); // null: nobody says
  let expected = null; // refused
  try {
    expected = template.render({
      messages, add_generation_prompt: true, tools: null, documents: null, eos_token: '<|im_end|>',
      ...(think === null ? {} : { enable_thinking: think }),
    });
  } catch (error) {
    if (!/^(No user query|System message must|Unexpected)/.test(error.message)) throw error;
  }
  lines.push(JSON.stringify({ messages, think, expected }));
}
fs.writeFileSync(output, `${lines.join('\n')}\n`);
