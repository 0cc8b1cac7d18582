import type { SpanBuffer } from "./span-buffer.ts";

/** So many are kept; then the one goes that was not asked for longest. */
const mostKept = 128;

type Fact = string | number | boolean | undefined;

interface Kept<Facts> {
  readonly facts: Facts;
  readonly bytes: Uint8Array;
}

/** A part of spans that is the same for many calls: encoded once for the same facts, and copied from then on. */
export class SharedPart<Facts extends readonly Fact[]> {
  readonly #write: (spans: SpanBuffer, facts: Facts) => void;
  readonly #draft: SpanBuffer;
  /** The one that was asked for last comes first. */
  readonly #kept: Kept<Facts>[] = [];

  /**
   * @param draft takes what is written until it is copied; several parts may have the same
   * @param write writes the name and attributes of a span from the facts, and from nothing else
   */
  constructor(draft: SpanBuffer, write: (spans: SpanBuffer, facts: Facts) => void) {
    this.#draft = draft;
    this.#write = write;
  }

  of(facts: Facts): Uint8Array {
    const kept = this.#kept;
    for (let index = 0; index < kept.length; index++) {
      const each = kept[index];
      if (each === undefined || !isSame(each.facts, facts)) continue;
      if (index > 0) {
        kept.copyWithin(1, 0, index);
        kept[0] = each;
      }
      return each.bytes;
    }
    return this.#add(facts);
  }

  #add(facts: Facts): Uint8Array {
    this.#write(this.#draft, facts);
    const { bytes } = this.#draft.take();
    if (this.#kept.length >= mostKept) this.#kept.pop();
    this.#kept.unshift({ facts, bytes });
    return bytes;
  }
}

function isSame(kept: readonly Fact[], facts: readonly Fact[]): boolean {
  for (let index = 0; index < kept.length; index++) if (kept[index] !== facts[index]) return false;
  return true;
}
