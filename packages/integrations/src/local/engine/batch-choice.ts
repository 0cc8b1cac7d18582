import type { BatchItem, CustomBatchingPrioritizationStrategy, PrioritizedBatchItem } from "node-llama-cpp";

/** Looks for those that are missing; each lets their continuations run a few steps on, and costs about a microsecond. */
const mostLooks = 32;

/**
 * What goes into the next step of a context that generates for several calls.
 *
 * When a step is over, the library begins the next one with those whose token came first, and the others wait for a step
 * of their own: eight calls then take two steps for each token. So a step is put off, for microtasks only, until all that
 * generate have come. Who waits for something else, such as a slow client, is not waited for longer than that.
 *
 * @param countGenerating how many may come
 */
export function createBatchChoice(countGenerating: () => number): CustomBatchingPrioritizationStrategy {
  let looks = 0;
  return ({ items, size }) => {
    if (items.length < countGenerating() && looks < mostLooks) {
      looks += 1;
      return [];
    }
    looks = 0;
    return share(items, size);
  };
}

/** Everyone has the same share; what short ones leave of theirs is for the longer ones. */
function share(items: readonly BatchItem[], size: number): PrioritizedBatchItem[] {
  let leftTokens = size;
  return items
    .toSorted((a, b) => a.tokens.length - b.tokens.length)
    .map((item, index) => {
      const processAmount = Math.min(item.tokens.length, Math.floor(leftTokens / (items.length - index)));
      leftTokens -= processAmount;
      return { item, processAmount };
    })
    .filter(({ processAmount }) => processAmount > 0);
}
