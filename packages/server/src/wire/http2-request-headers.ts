import type { HpackDecoder } from "./hpack-decoder.ts";
import { Http2Error } from "./http2-error.ts";
import { type Http2Headers, toRequestHeaders } from "./http2-headers.ts";

/**
 * Reads the header blocks of one connection (RFC 9113 section 8.3.1), and knows the last one again. The bytes are
 * `hpack-decoder`'s to read, the fields `http2-headers`'s to judge.
 */
export class RequestHeaderReader {
  readonly #decoder: HpackDecoder;
  #known: { readonly block: Buffer; readonly changes: number; readonly headers: Http2Headers } | undefined;

  constructor(decoder: HpackDecoder) {
    this.#decoder = decoder;
  }

  /**
   * Clients write the headers of their calls in the same bytes mostly, once the table is filled.
   * @returns what is wrong with a request that is malformed. Throws Http2Error for a block that cannot be read.
   */
  readRequest(streamId: number, block: Buffer): Http2Headers | Http2Error {
    const { changes } = this.#decoder;
    const known = this.#known;
    if (known !== undefined && known.changes === changes && known.block.equals(block)) return known.headers;
    const fields = this.#decoder.decode(block);
    try {
      const headers = toRequestHeaders(fields, streamId);
      // A copy: the block is a part of what was read.
      if (this.#decoder.changes === changes) this.#known = { block: Buffer.from(block), changes, headers };
      return headers;
    } catch (error) {
      if (error instanceof Http2Error) return error;
      throw error;
    }
  }

  readTrailers(block: Buffer): ReturnType<HpackDecoder["decode"]> {
    return this.#decoder.decode(block);
  }
}
