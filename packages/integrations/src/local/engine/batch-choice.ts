import type {
  BatchItem,
  CustomBatchingPrioritizationStrategy,
  EvaluationPriority,
  PrioritizedBatchItem,
} from "node-llama-cpp";

/** Looks for those that are missing; each lets their continuations run a few steps on, and costs about a microsecond. */
const mostLooks = 32;

/**
 * What goes into the next step of a context that generates for several calls.
 *
 * When a step is over, the library begins the next one with those whose token came first, and the others wait for a step
 * of their own: eight calls then take two steps for each token. So a step is put off, for microtasks only, until all that
 * generate have come. Who waits for something else, such as a slow client, is not waited for longer than that.
 *
 * Items stand in the order of their sequences: llama.cpp takes sequences into one pass over the weights only while each
 * one's number is the number before plus one (`llama_batch_allocr::split_equal`, which it uses for a cache that is kept
 * apart by sequence), and begins another pass at any other. Eight calls in the order in which their tokens came take five.
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
    return share(items, size).toSorted((a, b) => a.item.evaluationPriority - b.item.evaluationPriority);
  };
}

/**
 * The place of a sequence within a step, told as the priority of its evaluation: nothing else reaches the choice above.
 *
 * @param sequence number of the sequence in its context, from 0
 */
export function toPlaceInStep(sequence: number): EvaluationPriority {
  // The type says one to five, for the library's own choices; ours is all that reads it.
  return sequence as EvaluationPriority;
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
