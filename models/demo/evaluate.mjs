// Runs both demo models through node-llama-cpp and prints a score table.
// Usage: node evaluate.mjs [--verbose] [folder]   (needs node-llama-cpp and @huggingface/jinja)
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Template } from "@huggingface/jinja";
import { getLlama, LlamaCompletion } from "node-llama-cpp";

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const isVerbose = args.includes("--verbose");
const folder = resolve(args.find((arg) => !arg.startsWith("--")) ?? here);
const cases = JSON.parse(readFileSync(resolve(here, "evaluate.json"), "utf8"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });

const chat = await openChat(resolve(folder, "demo-chat.gguf"));
await score("plain talk", cases.talk, checkTalk);
await score("unknown questions", cases.unknown, checkTalk);
await score("platform facts", cases.facts, checkTalk);
await score("platform facts, with a system message", cases.facts, (item) => checkTalk({ ...item, system: cases.system }));
await score("several turns", cases.turns, checkTurns);
await score("tool calls, free", cases.calls, (item) => checkCall(item, false));
await score("tool calls, by grammar", cases.calls, (item) => checkCall(item, true));
await score("tools offered but not needed", cases.noCalls, checkTalk);
await score("tool results in words", cases.results, checkTurns);
await score("JSON, free", cases.json.filter((item) => !item.onlyGrammar), (item) => checkJson(item, false));
await score("JSON, by grammar", cases.json, (item) => checkJson(item, true));
await measureSpeed();
await scoreEmbeddings(resolve(folder, "demo-embed.gguf"));
await llama.dispose();

async function openChat(path) {
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ threads: 1, contextSize: 2048 });
  const completion = new LlamaCompletion({ contextSequence: context.getSequence() });
  const template = new Template(model.fileInfo.metadata.tokenizer.chat_template);
  return { model, completion, template };
}

/** Gives the greedy reply; `isStopped` tells whether the model ended it by itself. */
async function reply(messages, { tools, grammar, prefix = "" } = {}) {
  const text = chat.template.render({ messages, ...(tools ? { tools } : {}), add_generation_prompt: true }) + prefix;
  const tokens = chat.model.tokenize(text, true);
  const { response, metadata } = await chat.completion.generateCompletionWithMeta([chat.model.tokens.bos, ...tokens], {
    temperature: 0,
    maxTokens: 200,
    ...(grammar ? { grammar } : {}),
  });
  return { text: response, isStopped: metadata.stopReason !== "maxTokens" };
}

async function score(title, items, check) {
  let right = 0;
  for (const item of items) {
    const { isRight, shown } = await check(item);
    if (isRight) right += 1;
    if (isVerbose || !isRight) console.log(`  ${isRight ? "ok  " : "MISS"} ${shown}`);
  }
  console.log(`${title}: ${right}/${items.length}`);
}

async function checkTalk(item) {
  const messages = [...(item.system ? [{ role: "system", content: item.system }] : []), { role: "user", content: item.ask }];
  const { text, isStopped } = await reply(messages, { tools: item.tools?.map(toTool) });
  return { isRight: isStopped && text.includes(item.answer), shown: `${item.ask} -> ${text}` };
}

async function checkTurns(item) {
  const messages = [];
  let answer = { text: "", isStopped: true };
  for (const turn of item.turns) {
    if (typeof turn !== "string") {
      messages.push(turn);
      if (turn.role === "assistant") continue;
    } else messages.push({ role: "user", content: turn });
    answer = await reply(messages, { tools: item.tools?.map(toTool) });
    messages.push({ role: "assistant", content: answer.text });
  }
  return { isRight: answer.isStopped && answer.text.includes(item.answer), shown: `${JSON.stringify(item.turns.at(-1))} -> ${answer.text}` };
}

async function checkCall(item, isForced) {
  const messages = [{ role: "user", content: item.ask }];
  const prefix = isForced ? '<tool_call>\n' : "";
  const grammar = isForced ? await callGrammar(item.tools) : undefined;
  const { text, isStopped } = await reply(messages, { tools: item.tools.map(toTool), grammar, prefix });
  const body = /^(?:<tool_call>\n)?(\{.*\})(?:\n<\/tool_call>)?$/s.exec(text)?.[1];
  const isRight = isStopped && isSame(parse(body), { name: item.name, arguments: item.arguments });
  return { isRight, shown: `${item.ask} -> ${text}` };
}

function callGrammar(tools) {
  return llama.createGrammarForJsonSchema({
    oneOf: tools.map((tool) => ({
      type: "object",
      properties: { name: { const: tool.name }, arguments: toTool(tool).function.parameters },
    })),
  });
}

async function checkJson(item, isForced) {
  const messages = [...(item.system ? [{ role: "system", content: item.system }] : []), { role: "user", content: item.ask }];
  const properties = Object.fromEntries(Object.entries(item.keys).map(([key, type]) => [key, type === "array" ? { type, items: { type: "string" } } : { type }]));
  const grammar = isForced ? await llama.createGrammarForJsonSchema({ type: "object", properties }) : undefined;
  const { text, isStopped } = await reply(messages, { grammar });
  const value = parse(text);
  const hasKeys = value !== undefined && isSame(Object.keys(value).sort(), Object.keys(item.keys).sort());
  return { isRight: isStopped && hasKeys && (item.value === undefined || isSame(value, item.value)), shown: `${item.ask} -> ${text}` };
}

async function measureSpeed() {
  const begun = performance.now();
  let tokens = 0;
  for (let round = 0; round < 10; round += 1) {
    const { text } = await reply([{ role: "user", content: "Count to 30." }]);
    tokens += chat.model.tokenize(text).length;
  }
  console.log(`speed: ${Math.round((tokens * 1000) / (performance.now() - begun))} tokens/s (one thread, ${tokens} tokens)`);
}

async function scoreEmbeddings(path) {
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createEmbeddingContext({ threads: 1 });
  const likeness = async ([left, right]) => (await context.getEmbeddingFor(left)).calculateCosineSimilarity(await context.getEmbeddingFor(right));
  for (const [title, pairs] of Object.entries(cases.embeddings)) {
    const values = [];
    for (const pair of pairs) {
      values.push(await likeness(pair));
      if (isVerbose) console.log(`  ${values.at(-1).toFixed(2)} ${pair.join(" | ")}`);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    console.log(`embeddings, ${title}: mean ${mean.toFixed(2)}, min ${Math.min(...values).toFixed(2)}, max ${Math.max(...values).toFixed(2)} (${values.length} pairs, ${model.embeddingVectorSize} numbers)`);
  }
}

function toTool({ name, description, properties }) {
  const typed = Object.fromEntries(Object.entries(properties).map(([key, type]) => [key, { type }]));
  return { type: "function", function: { name, description, parameters: { type: "object", properties: typed } } };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: counted as a miss.
    return undefined;
  }
}

function isSame(left, right) {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
