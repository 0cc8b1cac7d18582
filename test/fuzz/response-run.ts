import fc from "fast-check";
import { readsAsNodeDoes } from "../../packages/server/src/wire/test-reply-property.ts";
import { createReplyReaders } from "../../packages/server/src/wire/test-reply-readers.ts";
import type { FuzzOptions, FuzzReport } from "./fuzz-run.ts";

/** Replies under way at once. */
const readersAtOnce = 8;
/** Until the time is over. */
const mostRuns = 2 ** 31 - 1;

/** Lets the upstream pool and node:http read made-up replies until the time is over, or a difference was found. */
export async function fuzzResponses({ seconds, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const startedAtMs = performance.now();
  let inputs = 0;
  const findings: string[] = [];
  const run = async (place: number): Promise<void> => {
    const readers = await createReplyReaders();
    const { failed, counterexample, errorInstance } = await fc.check(
      readsAsNodeDoes(readers).beforeEach(() => {
        inputs++;
        if (inputs % 10_000 === 0) onProgress?.(inputs);
      }),
      {
        seed: seed * readersAtOnce + place,
        numRuns: mostRuns,
        interruptAfterTimeLimit: seconds * 1_000,
      },
    );
    if (failed) findings.push(fc.stringify({ counterexample, error: String(errorInstance) }));
    readers.stop();
  };
  await Promise.all(Array.from({ length: readersAtOnce }, (_none, place) => run(place)));
  return {
    inputs: inputs,
    seconds: (performance.now() - startedAtMs) / 1_000,
    findings,
    counts: {},
  };
}
