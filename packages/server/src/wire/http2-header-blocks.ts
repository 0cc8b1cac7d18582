import { Http2Error, http2Codes, protocolError, sizeError } from "./http2-error.ts";
import { type Frame, unpad } from "./http2-frame-reader.ts";
import { frameFlags, highest } from "./http2-frames.ts";

/** A header block that is whole. */
export interface HeaderBlockRead {
  readonly streamId: number;
  /** Whether nothing follows it. */
  readonly isEnd: boolean;
  readonly block: Buffer;
}

/** Of a block as it comes: twice what its fields may be, so that these are what is bounded. */
const mostBytes = 32_768;
const mostContinuations = 16;
const priorityBytes = 5;

/**
 * Puts the pieces of a header block together (RFC 9113 sections 4.3, 6.2 and 6.10):
 *
 *     block    = HEADERS *CONTINUATION         ; END_HEADERS in the last, nothing else between them
 *     HEADERS  = [padlen] [depends weight] fragment [padding]
 */
export class HeaderBlocks {
  #begun: { readonly streamId: number; readonly isEnd: boolean; parts: Buffer[]; bytes: number } | undefined;

  /** Whether a frame of this stream and kind may come now. */
  allows(streamId: number, isContinuation: boolean): boolean {
    return this.#begun === undefined || (isContinuation && this.#begun.streamId === streamId);
  }

  /** The block once it is whole. Throws Http2Error. */
  begin({ flags, streamId, payload }: Frame): HeaderBlockRead | undefined {
    if (streamId % 2 === 0) throw protocolError("streams of clients have odd numbers");
    const block = withoutPriority(flags, streamId, unpad(flags, payload));
    const isEnd = (flags & frameFlags.END_STREAM) !== 0;
    if ((flags & frameFlags.END_HEADERS) !== 0) return { streamId, isEnd, block };
    this.#begun = { streamId, isEnd, parts: [block], bytes: block.length };
    return undefined;
  }

  /** The same. Throws Http2Error also for a block that does not end (CVE-2024-27316). */
  continue({ flags, payload }: Frame): HeaderBlockRead | undefined {
    const begun = this.#begun;
    if (begun === undefined) throw protocolError("nothing is continued");
    begun.parts.push(payload);
    begun.bytes += payload.length;
    if (begun.bytes > mostBytes || begun.parts.length > mostContinuations)
      throw new Http2Error(http2Codes.ENHANCE_YOUR_CALM, "the headers are larger than they may be");
    if ((flags & frameFlags.END_HEADERS) === 0) return undefined;
    this.#begun = undefined;
    return { streamId: begun.streamId, isEnd: begun.isEnd, block: Buffer.concat(begun.parts) };
  }
}

/** Priorities are read and ignored. */
function withoutPriority(flags: number, streamId: number, block: Buffer): Buffer {
  if ((flags & frameFlags.PRIORITY) === 0) return block;
  if (block.length < priorityBytes) throw sizeError();
  checkPriority(streamId, block);
  return block.subarray(priorityBytes);
}

/** Throws Http2Error for a stream that depends on itself (RFC 7540 section 5.3.1). */
export function checkPriority(streamId: number, priority: Buffer): void {
  if ((priority.readUInt32BE(0) & highest) === streamId)
    throw new Http2Error(http2Codes.PROTOCOL_ERROR, "a stream depends on itself", streamId);
}
