/** First version of Ollama that gives log probabilities. */
export const logprobsVersion = "0.12.11";
/** First version of Ollama that shortens embeddings to `dimensions`. */
export const dimensionsVersion = "0.11.11";

/** Whether a version, e.g. `0.12.3-rc1`, is `wanted` or newer. An unknown one (undefined, or 0.0.0 of a build by hand) is not. */
export function isAtLeast(version: string | undefined, wanted: string): boolean {
  const have = numbersOf(version ?? "");
  for (const [index, number] of numbersOf(wanted).entries()) {
    const difference = (have[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbersOf(version: string): readonly number[] {
  const [, ...numbers] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return numbers.map(Number);
}
