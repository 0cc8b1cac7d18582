/** Beyond this the estimate is taken to be right although it is only an estimate. */
const clearExcess = 1.5;
/** How far a count may stand from a window and still be said to sit at it: kept head, special tokens. */
const nearTokens = 16;
/** Windows that servers are set up with by default. Half of one is in the list, or is the smallest. */
const usualWindows = Array.from({ length: 11 }, (_, index) => 1_024 * 2 ** index);

interface PromptCounts {
  /** The platform's own estimate of the prompt. */
  readonly estimatedTokens: number;
  /** What the server says it read (`prompt_eval_count`); absent when it says nothing. */
  readonly countedTokens: number | undefined;
  /** The window that the model is loaded with; absent when it is not known. */
  readonly windowTokens: number | undefined;
}

/**
 * Whether the server must have left out a part of the prompt.
 *
 * Ollama does so without a word. Its count is taken after the cut, so it never stands above the window:
 * whole messages are dropped from the front of a chat until the rest fits, and a single text that does
 * not fit is cut to half of the window (a kept head and the last part).
 *
 * A small count alone proves nothing. Some versions (old ones, and the first of 0.30) leave tokens that come
 * from the prompt cache out of it, so a repeated prompt counts next to nothing. Therefore it is said only
 * when the estimate is clearly above the count, and besides
 * - the window is known and the estimate is clearly above it: no cache can explain that; or
 * - the window is not known, and the count sits at a usual window or half of one, where a cut ends up.
 */
export function isPromptTruncated({ estimatedTokens, countedTokens, windowTokens }: PromptCounts): boolean {
  if (countedTokens === undefined || estimatedTokens < countedTokens * clearExcess) return false;
  if (windowTokens !== undefined)
    return estimatedTokens >= windowTokens * clearExcess && countedTokens <= windowTokens;
  return usualWindows.some((window) => Math.abs(countedTokens - window) <= nearTokens);
}
