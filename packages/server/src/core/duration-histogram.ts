/** Bins for each doubling. A percentile is off by half a bin at most: a factor of 2^(1/8), which is 9.1 %. */
const binsPerDoubling = 4;
/** From here on, 4.7 hours, durations share the last bin. */
const lastBin = 24 * binsPerDoubling + 1;

/** Where the counts of `doublings` end, in milliseconds: each is for less than its bound, and one more for the rest. */
export const doublingBoundsMs: readonly number[] = Array.from({ length: 18 }, (_bound, at) => 2 ** at);

/**
 * How often durations of which length came, in fixed bins that grow by a fifth each: histograms are merged by adding.
 * Bin 0 is for less than a millisecond.
 */
export class DurationHistogram {
  /** Undefined while it is empty: most are made to be added to others, and many stay so. */
  #counts: number[] | undefined;
  /** All other bins are empty. */
  #first = lastBin + 1;
  #last = -1;

  /** @param times how often it came; negative takes it out again */
  add(durationMs: number, times = 1): void {
    this.#addTo(binOf(durationMs), times);
  }

  merge(other: DurationHistogram): void {
    const counts = other.#counts;
    if (counts === undefined) return;
    for (let bin = other.#first; bin <= other.#last; bin++) {
      const count = counts[bin] ?? 0;
      if (count !== 0) this.#addTo(bin, count);
    }
  }

  /** Adds what `format` wrote, once or several times with a space between. Ignores a pair that it did not write. */
  mergeText(text: string): void {
    let bin = 0;
    let number = 0;
    for (let at = 0; at <= text.length; at++) {
      const code = at === text.length ? space : text.charCodeAt(at);
      if (code === colon) {
        bin = number;
        number = 0;
      } else if (code === space) {
        if (bin <= lastBin && number > 0) this.#addTo(bin, number);
        bin = 0;
        number = 0;
      } else number = number * 10 + code - zero;
    }
  }

  /** Bins that are not empty, as `bin:count` with a space between. */
  format(): string {
    let text = "";
    for (let bin = this.#first; bin <= this.#last; bin++) {
      const count = this.#counts?.[bin] ?? 0;
      if (count > 0) text += text === "" ? `${bin}:${count}` : ` ${bin}:${count}`;
    }
    return text;
  }

  get count(): number {
    return (this.#counts ?? []).reduce((sum, count) => sum + Math.max(0, count), 0);
  }

  /** The duration in milliseconds that this share (0 to 1) did not exceed, off by at most 9.1 %; undefined when empty. */
  percentile(share: number): number | undefined {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [bin, count] of (this.#counts ?? []).entries()) {
      seen += Math.max(0, count);
      if (seen >= rank) return middleOf(bin);
    }
    return undefined;
  }

  /** How often durations came, doubling by doubling: one count for each of `doublingBoundsMs`, and one for what is longer. */
  doublings(): readonly number[] {
    const counts = [...doublingBoundsMs.map(() => 0), 0];
    for (const [bin, count] of (this.#counts ?? []).entries()) {
      const at = Math.min(counts.length - 1, Math.ceil(bin / binsPerDoubling));
      counts[at] = (counts[at] ?? 0) + Math.max(0, count);
    }
    return counts;
  }

  #addTo(bin: number, times: number): void {
    // An array of numbers lies in the heap of the program; a typed array of this length costs ten times as much to make.
    this.#counts ??= noCounts.slice();
    this.#counts[bin] = (this.#counts[bin] ?? 0) + times;
    if (bin < this.#first) this.#first = bin;
    if (bin > this.#last) this.#last = bin;
  }
}

const space = 32;
const zero = 48;
const colon = 58;

function binOf(durationMs: number): number {
  if (durationMs < 1) return 0;
  return Math.min(lastBin, 1 + Math.floor(Math.log2(durationMs) * binsPerDoubling));
}

const noCounts: readonly number[] = Array.from({ length: lastBin + 1 }, () => 0);

/** The geometric mean of a bin's bounds, whose relative error is the same to both sides. */
function middleOf(bin: number): number {
  return bin === 0 ? 0 : 2 ** ((bin - 0.5) / binsPerDoubling);
}
