import type { EncodedSpans } from "./span.ts";

/** So much memory a piece has. */
export const pieceBytes = 256 * 1024;
/** So many are kept while none is in use: what a busy server writes in a second. */
const mostFree = 32;

/**
 * Memory of pieces of encoded spans, used again once they have been sent: at thousands of calls in a second, new memory
 * for each piece would have the garbage collector walk the whole heap several times a second.
 */
export class SpanPieces {
  readonly #free: Buffer[] = [];
  readonly #lent = new Set<ArrayBufferLike>();

  take(): Buffer {
    const piece = this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    this.#lent.add(piece.buffer);
    return piece;
  }

  /** Gives back what nobody reads any more. What is no piece of these is left alone. */
  give({ buffer }: EncodedSpans["bytes"]): void {
    if (this.#lent.delete(buffer) && this.#free.length < mostFree) this.#free.push(Buffer.from(buffer));
  }
}
