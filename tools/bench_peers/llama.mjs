// llama.cpp's half of bench_peers.py: loads one model and evaluates what standard input asks for.
//   node llama.mjs MODEL THREADS FLASH CONTEXT      FLASH: default, true or false
// Prints {"ready": true, ...} once the model and a context are loaded. Then, for every line
// {"prompt": N, "generate": M}, evaluates N tokens from an empty context and M more one by one, and
// prints {"prompt_s", "generate_s"}: seconds until the first token is there, and for the M after it.
// A line with "questions": Q, "question": M and "seed" evaluates N tokens of a text and M behind them Q
// times, each in the place of the one before, reads two logits behind each and prints {"total_s"}.
// A line with "change": C and "more": M evaluates N tokens and then the same with the last C of them
// changed and M more, and prints {"first_s", "again_s"}.
// A line with "streams": S and "requests": R evaluates R such requests on S sequences of one context
// side by side, batched by llama.cpp, and prints {"total_s"}.
import readline from "node:readline";
import {getLlama} from "node-llama-cpp";

const imported_s = performance.now() / 1000; // since the process started
const [file, threads, flash, context] = process.argv.slice(2);
const print = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const llama = await getLlama({
  gpu: false,
  build: "never", // the binaries from npm, nothing downloaded or compiled
  skipDownload: true,
  logLevel: "error",
  maxThreads: Number(threads),
});
const model = await llama.loadModel({modelPath: file});
const options = {
  contextSize: Number(context),
  batchSize: Number(context), // a prompt in one go
  threads: Number(threads),
};
if (flash !== "default") options.flashAttention = flash === "true";
const single = (await model.createContext(options)).getSequence();
print({ready: true, imported_s});

const tokens = (count, seed = 0) =>
  Array.from({length: count}, (_, i) => (i * 7919 + seed * 104729 + 13) % 150000);

// Returns when the first token came.
async function evaluate(sequence, prompt, generate, seed) {
  await sequence.clearHistory();
  let first = 0;
  let seen = 0;
  // End-of-text tokens count like others: the weights are random.
  const answer = sequence.evaluate(tokens(prompt, seed), {temperature: 0, yieldEogToken: true});
  for await (const _ of answer) {
    if (seen === 0) first = performance.now();
    if (seen === generate) break;
    ++seen;
  }
  return first;
}

async function evaluateSideBySide({prompt, generate, streams, requests}) {
  const shared = await model.createContext({
    ...options, sequences: streams, contextSize: prompt + generate + 8, batchSize: 512,
  });
  const sequences = Array.from({length: streams}, () => shared.getSequence());
  let next = 0;
  const start = performance.now();
  await Promise.all(sequences.map(async (sequence) => {
    // the first of its tokens comes with the prompt
    while (next < requests) await evaluate(sequence, prompt, generate - 1, ++next);
  }));
  const total_s = (performance.now() - start) / 1000;
  await shared.dispose();
  return {total_s};
}

// What a text has in common with the question before stays in the sequence.
async function evaluateQuestions({prompt, questions, question, seed}) {
  const logits = {filter: {tokens: [9693, 2152]}}; // yes, no
  await single.clearHistory();
  const start = performance.now();
  for (let i = 0; i < questions; ++i) {
    const input = tokens(question, seed * questions + i + 1);
    input.push([input.pop(), {generateNext: {logits}}]);
    const output = await single.controlledEvaluate(i === 0 ? [...tokens(prompt, seed), ...input] : input);
    if (output.at(-1)?.next.logits?.size !== 2) throw new Error("no logits");
    await single.eraseContextTokenRanges([{start: prompt, end: single.nextTokenIndex}]);
  }
  return {total_s: (performance.now() - start) / 1000};
}

// What the two inputs have in common may stay in the sequence.
async function evaluateAgain({prompt, change, more}) {
  const read = async (input) => {
    const start = performance.now();
    await single.adaptStateToTokens(input, false);
    const rest = input.slice(single.nextTokenIndex);
    for await (const _ of single.evaluate(rest, {temperature: 0, yieldEogToken: true})) break;
    return (performance.now() - start) / 1000;
  };
  await single.clearHistory();
  const first = tokens(prompt);
  return {
    first_s: await read(first),
    again_s: await read([...first.slice(0, prompt - change), ...tokens(change + more, 1)]),
  };
}

for await (const line of readline.createInterface({input: process.stdin})) {
  const request = JSON.parse(line);
  if (request.streams) {
    print(await evaluateSideBySide(request));
    continue;
  }
  if (request.questions) {
    print(await evaluateQuestions(request));
    continue;
  }
  if (request.more) {
    print(await evaluateAgain(request));
    continue;
  }
  const start = performance.now();
  const first = await evaluate(single, request.prompt, request.generate);
  print({prompt_s: (first - start) / 1000, generate_s: (performance.now() - first) / 1000});
}
process.exit(0);
