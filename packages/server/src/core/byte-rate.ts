const windowMs = 5_000;
/** Samples closer together tell nothing more. */
const sampleMs = 100;
/** Before this much time the rate would be a guess. */
const shortestMs = 500;

/** How fast bytes come, over the last five seconds. */
export class ByteRate {
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /**
   * @param bytes how many there are in all
   * @param nowMs never goes back
   */
  note(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1);
    // What was fetched anew is not counted as bytes that went away.
    if (last !== undefined && bytes < last.bytes) this.#samples = [];
    if (last !== undefined && bytes >= last.bytes && nowMs - last.atMs < sampleMs) return;
    this.#samples.push({ atMs: nowMs, bytes });
    while (this.#samples.length > 2 && nowMs - (this.#samples[1]?.atMs ?? nowMs) > windowMs)
      this.#samples.shift();
  }

  /** Bytes per second; undefined while that is not known. */
  get perSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < shortestMs) return undefined;
    return Math.round(((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs));
  }
}
