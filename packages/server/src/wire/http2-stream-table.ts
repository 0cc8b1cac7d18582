import type { Http2Stream } from "./http2-stream.ts";

/**
 * The open streams of a connection. Their ids only grow (RFC 9113 section 5.1.1), so they stand in order by themselves.
 * A `Map` would keep those that have ended alive, as `Roster` tells of a `Set`.
 */
export class StreamTable {
  readonly #streams: Http2Stream[] = [];

  get size(): number {
    return this.#streams.length;
  }

  /** @param stream with a higher id than any before it */
  add(stream: Http2Stream): void {
    this.#streams.push(stream);
  }

  get(id: number): Http2Stream | undefined {
    const found = this.#streams[this.#placeOf(id)];
    return found?.id === id ? found : undefined;
  }

  /** Whether it was there. */
  delete(stream: Http2Stream): boolean {
    const streams = this.#streams;
    const place = this.#placeOf(stream.id);
    if (streams[place] !== stream) return false;
    for (let at = place + 1; at < streams.length; at++) {
      const next = streams[at];
      if (next !== undefined) streams[at - 1] = next;
    }
    streams.pop();
    return true;
  }

  /** Those that are there now; what comes or goes meanwhile changes nothing of it. */
  list(): readonly Http2Stream[] {
    return this.#streams.slice();
  }

  clear(): void {
    this.#streams.length = 0;
  }

  /** Of the first that has this id or a higher one. */
  #placeOf(id: number): number {
    let from = 0;
    let to = this.#streams.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#streams[middle]?.id ?? 0) < id) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
