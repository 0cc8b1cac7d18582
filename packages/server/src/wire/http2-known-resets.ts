/** Of the streams that were reset here, so many of the last are known. */
const mostKnown = 1_000;

/**
 * The last streams of a connection that ended here before the peer could know: what it had on its way for them is no
 * fault (RFC 9113 section 5.1, "closed"). What comes for one that was forgotten since ends the connection.
 */
export class KnownResets {
  readonly #ids = new Set<number>();

  has(streamId: number): boolean {
    return this.#ids.has(streamId);
  }

  add(streamId: number): void {
    this.#ids.add(streamId);
    if (this.#ids.size <= mostKnown) return;
    const [oldest] = this.#ids;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  delete(streamId: number): void {
    this.#ids.delete(streamId);
  }
}
