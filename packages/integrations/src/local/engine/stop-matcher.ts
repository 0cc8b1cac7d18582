/** What may be sent on after a piece of text. */
export interface StopResult {
  /** Text that can no longer be part of a stop string. */
  readonly text: string;
  readonly isStopped: boolean;
}

/**
 * Finds stop strings in text that comes in pieces.
 *
 * It holds back the longest end that could still become a stop string,
 * so that no part of one is ever sent.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  push(text: string): StopResult {
    if (this.#stops.length === 0) return { text, isStopped: false };
    const whole = this.#held + text;
    const at = firstOf(whole, this.#stops);
    if (at >= 0) {
      this.#held = "";
      return { text: whole.slice(0, at), isStopped: true };
    }
    const holdCount = longestOpenEnd(whole, this.#stops);
    this.#held = whole.slice(whole.length - holdCount);
    return { text: whole.slice(0, whole.length - holdCount), isStopped: false };
  }

  /** What was still held when the text ended. */
  end(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }
}

function firstOf(text: string, stops: readonly string[]): number {
  let first = -1;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** Length of the longest end of `text` that begins one of `stops`. */
export function longestOpenEnd(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
