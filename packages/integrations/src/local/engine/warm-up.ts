import type { LoadedEngine } from "./loaded-engine.ts";
import { toToken } from "./token-id.ts";

/**
 * Runs one token through the model: whether a GPU can run what the library has for it shows only then, and it is better
 * that no call is there yet. Rejects with the library's error; a library that gives up ends the process.
 */
export async function warmUp({ model, sequences, embedder }: LoadedEngine): Promise<void> {
  const token = model.tokens.bos ?? toToken(model, 0, "input");
  if (sequences === undefined) {
    await embedder.embed([token], "input");
    return;
  }
  await sequences.lend([token], new AbortController().signal, async ({ sequence }) => {
    for await (const _next of sequence.evaluate([token], { temperature: 0 })) break;
    await sequence.clearHistory();
  });
}
