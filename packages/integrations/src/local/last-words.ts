const telling = /\berror: \S/i;
const likely = /error|fail|abort|assert/i;

/**
 * Keeps the one line of a process's output that says best why it died. After it come places in the source, the number of the
 * device and what a debugger that was tried said: a library says the reason once.
 */
export class LastWords {
  #best = "";
  #bestRank = 0;

  hear(line: string): void {
    const rank = telling.test(line) ? 2 : likely.test(line) ? 1 : 0;
    if (rank === 0 || rank < this.#bestRank) return;
    this.#best = line.trim();
    this.#bestRank = rank;
  }

  /** As a sentence. @param fallback where nothing that was said tells */
  sentence(fallback: string): string {
    const words = this.#best === "" ? fallback : this.#best;
    return /[.!?]$/.test(words) ? words : `${words}.`;
  }
}
