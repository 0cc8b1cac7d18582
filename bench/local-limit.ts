import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { getLlama, type LlamaContextSequence, LlamaLogLevel } from "node-llama-cpp";
import { createBatchChoice } from "../packages/integrations/src/local/engine/batch-choice.ts";
import { readMachine } from "./conditions.ts";
import { keepFurther } from "./further.ts";
import { rewriteReport } from "./report.ts";

// What steps for several sequences at once can bring at all: processor time of a token with one thread, so that nothing
// waits for anything, with all sequences in every step. `node bench/local-limit.ts [--model FILE] [--tokens N]`

const usualModel = join(homedir(), ".cache/llm-platform/models/gemma-3-270m-q4_k_m.gguf");
const many = 8;
const { values } = parseArgs({
  options: {
    model: { type: "string", default: usualModel },
    tokens: { type: "string", default: "32" },
  },
});
if (!existsSync(values.model)) throw new Error(`There is no model at ${values.model}: see bench/README.md.`);
const tokens = Number(values.tokens);
const conditions = await readMachine(new Date());
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: values.model, gpuLayers: 0 });
const state = { running: many };
const context = await model.createContext({
  sequences: many,
  contextSize: 2_048,
  threads: { ideal: 1, min: 1 },
  batching: { itemPrioritizationStrategy: createBatchChoice(() => state.running) },
});
const sequences = Array.from({ length: many }, () => context.getSequence());
const [plainToken = model.tokens.bos] = model.tokenize(" 7");

/** Processor milliseconds of a token, of so many sequences that each go on `tokens` times. */
async function costOf(
  count: number,
  begin: (sequence: LlamaContextSequence, index: number) => Promise<() => Promise<unknown>>,
): Promise<number> {
  state.running = count;
  const used = sequences.slice(0, count);
  await Promise.all(used.map(async (sequence) => await sequence.clearHistory()));
  const steps = await Promise.all(used.map(begin));
  const before = process.cpuUsage();
  await Promise.all(
    steps.map(async (step) => {
      for (let token = 0; token < tokens; token++) await step();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (count * tokens);
}

const promptOf = (index: number) => model.tokenize(`${index} list: 1, 2, 3, 4, 5, 6,`);

async function beginGreedy(sequence: LlamaContextSequence, index: number): Promise<() => Promise<unknown>> {
  const replies = sequence.evaluate(promptOf(index), { temperature: 0 });
  await replies.next();
  return async () => await replies.next();
}

/** The layers alone: nothing is predicted, nothing chosen. */
async function beginLayers(sequence: LlamaContextSequence, index: number): Promise<() => Promise<unknown>> {
  await sequence.evaluateWithoutGeneratingNewTokens(promptOf(index));
  return async () =>
    await sequence.evaluateWithoutGeneratingNewTokens(plainToken === null ? [] : [plainToken]);
}

const one = { all: await costOf(1, beginGreedy), layers: await costOf(1, beginLayers) };
const eight = { all: await costOf(many, beginGreedy), layers: await costOf(many, beginLayers) };
const row = (what: string, alone: number, together: number): readonly string[] => [
  what,
  alone.toFixed(2),
  together.toFixed(2),
  (alone / together).toFixed(2),
];
const rows = [
  row("a token, greedy", one.all, eight.all),
  row("of it the layers", one.layers, eight.layers),
  row(
    "the rest: the output over the vocabulary, and the choice",
    one.all - one.layers,
    eight.all - eight.layers,
  ),
];
console.log(rows.map((cells) => cells.join(" | ")).join("\n"));
const benchFolder = fileURLToPath(new URL("./", import.meta.url));
await keepFurther(benchFolder, "local-limit", {
  title: `What ${many} chats at once can bring on this processor`,
  note: `\`node bench/local-limit.ts\`: ${basename(values.model)} by its library alone, one thread, ${tokens} tokens, every step with all sequences. Processor milliseconds of a token; the last column is the most that ${many} chats at once can be to one chat, with the server or without. Choosing a token took about 4 % of the samples of a profile of such steps, the multiplication with the output's ${model.fileInfo.metadata.tokenizer?.ggml?.tokens.length ?? "?"} rows most of the rest: llama.cpp's kernels for this processor gain little from ${many} rows at once.`,
  conditions,
  columns: ["what", "one sequence", `${many} sequences`, "one to many"],
  rows,
});
console.log(`written to ${await rewriteReport(benchFolder)}`);
process.exit();
