import { PlatformError } from "@llm-platform/kit";
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import { chooseSlot } from "./slot-choice.ts";

/** A sequence lent to one generation. */
export interface SequenceLease {
  readonly sequence: LlamaContextSequence;
  /** The number of the sequence in its context, from 0. */
  readonly number: number;
  /** Tokens at the start of the prompt that are in the cache already. */
  readonly cachedTokens: number;
  /** What to wait for before the next token; undefined nearly always. */
  pause(): Promise<void> | undefined;
}

interface Slot {
  readonly sequence: LlamaContextSequence;
  readonly number: number;
  isBusy: boolean;
  /** Order of last use. */
  usedAt: number;
}

interface Waiter {
  readonly tokens: Token[];
  readonly resolve: (slot: Slot) => void;
}

/** Lends the sequences of a context, first come first served, so that a conversation finds its own cache again. */
export class SequencePool {
  readonly #slots: readonly Slot[];
  readonly #waiters: Waiter[] = [];
  readonly #queueLength: number;
  #uses = 0;
  #changes = 0;
  #pause: PromiseWithResolvers<void> | undefined;

  /** @param sequences all of a context, in the order in which it made them */
  constructor(sequences: readonly LlamaContextSequence[], queueLength: number) {
    this.#slots = sequences.map((sequence, number) => ({ sequence, number, isBusy: false, usedAt: 0 }));
    this.#queueLength = queueLength;
  }

  /** Sequences that are lent now. */
  get busyCount(): number {
    return this.#slots.reduce((count, { isBusy }) => count + Number(isBusy), 0);
  }

  /**
   * Waits for a sequence and lends it while `use` works.
   * Rejects with PlatformError `overloaded` when too many wait, or with the signal's reason.
   */
  async lend<Result>(
    prompt: readonly Token[],
    signal: AbortSignal,
    use: (lease: SequenceLease) => Promise<Result>,
  ): Promise<Result> {
    const tokens = [...prompt];
    const slot = this.#take(tokens) ?? (await this.#wait(tokens, signal));
    try {
      const cachedTokens = await this.#change(async () => await keepPrefix(slot.sequence, tokens));
      const { sequence, number } = slot;
      return await use({ sequence, number, cachedTokens, pause: () => this.#pause?.promise });
    } catch (error) {
      // What a failed evaluation left in the cache cannot be trusted.
      await this.#change(async () => await slot.sequence.clearHistory());
      throw error;
    } finally {
      this.#release(slot);
    }
  }

  /**
   * Changes what is in the cache. The library does that between two runs of steps, and a run goes on for as long as
   * anybody asks for a next token: all pause for that moment, or a new call would wait until the others have ended.
   */
  async #change<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#changes += 1;
    this.#pause ??= Promise.withResolvers<void>();
    try {
      return await work();
    } finally {
      this.#changes -= 1;
      if (this.#changes === 0) {
        this.#pause.resolve();
        this.#pause = undefined;
      }
    }
  }

  #take(tokens: Token[]): Slot | undefined {
    const idle = this.#slots
      .filter((slot) => !slot.isBusy)
      .map((slot) => ({
        slot,
        heldTokens: slot.sequence.nextTokenIndex,
        commonTokens: slot.sequence.compareContextTokens(tokens).firstDifferentIndex,
        usedAt: slot.usedAt,
        busyNeighbours: [slot.number - 1, slot.number + 1].filter((number) => this.#slots[number]?.isBusy)
          .length,
      }));
    const chosen = chooseSlot(idle)?.slot;
    if (chosen !== undefined) this.#markBusy(chosen);
    return chosen;
  }

  async #wait(tokens: Token[], signal: AbortSignal): Promise<Slot> {
    if (this.#waiters.length >= this.#queueLength) {
      throw new PlatformError("overloaded", "The model is busy and its queue is full. Try again later.");
    }
    signal.throwIfAborted();
    return await new Promise<Slot>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        tokens,
        resolve: (slot) => {
          signal.removeEventListener("abort", onAbort);
          resolve(slot);
        },
      };
      this.#waiters.push(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  #release(slot: Slot): void {
    slot.isBusy = false;
    const next = this.#waiters.shift();
    if (next === undefined) return;
    const taken = this.#take(next.tokens);
    if (taken !== undefined) next.resolve(taken);
  }

  #markBusy(slot: Slot): void {
    this.#uses += 1;
    slot.isBusy = true;
    slot.usedAt = this.#uses;
  }
}

/** Erases what does not belong to the prompt and returns how much of the prompt stays; at least one token is left to evaluate. */
async function keepPrefix(sequence: LlamaContextSequence, tokens: Token[]): Promise<number> {
  const common = sequence.compareContextTokens(tokens).firstDifferentIndex;
  const kept = Math.max(0, Math.min(common, tokens.length - 1));
  const reevaluated =
    kept < sequence.nextTokenIndex ? Math.max(0, sequence.getRestoreToPrefixIndexEvaluationSize(kept)) : 0;
  if (kept < sequence.nextTokenIndex) {
    await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
  }
  return Math.min(kept - reevaluated, sequence.nextTokenIndex);
}
