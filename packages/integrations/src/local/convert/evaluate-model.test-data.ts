import type { Llama, LlamaModel, Token } from "node-llama-cpp";

/** Uses a model while it is loaded. */
export async function withModel<Result>(
  llama: Llama,
  path: string,
  use: (model: LlamaModel) => Promise<Result>,
): Promise<Result> {
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Natural logarithms of what llama.cpp gives for the token after the prompt, by token. */
export async function evaluate(
  llama: Llama,
  path: string,
  prompt: readonly number[],
): Promise<readonly number[]> {
  return await withModel(llama, path, async (model) => {
    const context = await model.createContext({ contextSize: 64, sequences: 1, threads: 1 });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library brands its numbers
    const tokens = prompt as readonly Token[];
    const last = tokens.at(-1);
    if (last === undefined) throw new Error("the prompt is empty");
    const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const results = await context
      .getSequence()
      .controlledEvaluate([
        ...tokens.slice(0, -1),
        [last, { generateNext: { probabilities: true, options } }],
      ]);
    const chances = results.at(-1)?.next.probabilities ?? new Map();
    return Array.from({ length: chances.size }, (_value, token) => Math.log(chances.get(token) ?? 0));
  });
}
