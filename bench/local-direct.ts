import { createInterface } from "node:readline";
import { getLlama, type LlamaContextSequence, LlamaLogLevel } from "node-llama-cpp";
import * as z from "zod";

// A model asked through its library with nothing around it: what `local.ts` divides by. Reads one question a line and
// writes one answer a line: the tokens of all sequences together, and the seconds from the question to the last token.

const setupSchema = z.tuple([
  z.string(),
  z.enum(["off", "auto"]),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
]);
const questionSchema = z.object({ prompts: z.array(z.string()), tokens: z.number() });

const [modelPath, gpu, contextSize, parallel, threads] = setupSchema.parse(process.argv.slice(2));
const llama = await getLlama({
  gpu: gpu === "auto" ? "auto" : false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  maxThreads: threads,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath, ...(gpu === "off" ? { gpuLayers: 0 } : {}) });
const context = await model.createContext({
  sequences: parallel,
  contextSize,
  threads: { ideal: threads, min: threads },
});
const sequences = Array.from({ length: parallel }, () => context.getSequence());

async function generate(sequence: LlamaContextSequence, prompt: string, tokens: number): Promise<number> {
  let generated = 0;
  for await (const _token of sequence.evaluate(model.tokenize(prompt), { temperature: 0 })) {
    generated += 1;
    if (generated === tokens) break;
  }
  return generated;
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

const lines = createInterface({ input: process.stdin });
say({ tokens: 0, seconds: 0 });
for await (const line of lines) {
  const { prompts, tokens } = questionSchema.parse(JSON.parse(line));
  const asked = sequences.slice(0, prompts.length);
  await Promise.all(asked.map(async (sequence) => await sequence.clearHistory()));
  const startedAtMs = performance.now();
  const counts = await Promise.all(
    asked.map(async (sequence, index) => await generate(sequence, prompts[index] ?? "", tokens)),
  );
  say({
    tokens: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - startedAtMs) / 1_000,
  });
}
process.exit();
