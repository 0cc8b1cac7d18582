import { SpanBuffer } from "./span-buffer.ts";

/** So many are kept; then the oldest goes. */
const mostKept = 64;

interface Kept<Facts> {
  readonly facts: Facts;
  readonly bytes: Uint8Array;
}

/** A part of spans that is the same for many calls: encoded once for the same facts, and copied from then on. */
export class SharedPart<Facts extends readonly (string | boolean)[]> {
  readonly #write: (spans: SpanBuffer, facts: Facts) => void;
  #kept: Kept<Facts>[] = [];

  /** @param write writes the name and attributes of a span from the facts, and from nothing else */
  constructor(write: (spans: SpanBuffer, facts: Facts) => void) {
    this.#write = write;
  }

  of(facts: Facts): Uint8Array {
    for (const kept of this.#kept) if (isSame(kept.facts, facts)) return kept.bytes;
    const spans = new SpanBuffer();
    this.#write(spans, facts);
    const { bytes } = spans.take();
    if (this.#kept.length >= mostKept) this.#kept.shift();
    this.#kept.push({ facts, bytes });
    return bytes;
  }
}

function isSame(kept: readonly (string | boolean)[], facts: readonly (string | boolean)[]): boolean {
  for (let index = 0; index < kept.length; index++) if (kept[index] !== facts[index]) return false;
  return true;
}
