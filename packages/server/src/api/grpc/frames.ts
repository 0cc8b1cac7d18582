import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { PlatformError } from "@llm-platform/kit";

/** Flag and length stand before each message (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
const prefixBytes = 5;

/** A message as it came. */
export interface Message {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/**
 * Cuts what a client sends into messages. Nothing of a message that is too large is kept: its length is known before it comes.
 */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #pendingBytes = 0;
  /** Of the message that has begun, its prefix counted; undefined until that is there. */
  #wantedBytes: number | undefined;

  /** @param maxBytes of one message, as it is sent */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a message has begun that is not whole. */
  get isAmidMessage(): boolean {
    return this.#pendingBytes > 0;
  }

  /** The messages that are whole by now. Throws PlatformError `payload_too_large`, `invalid_request`. */
  read(chunk: Buffer): readonly Message[] {
    this.#chunks.push(chunk);
    this.#pendingBytes += chunk.length;
    const messages: Message[] = [];
    for (;;) {
      this.#wantedBytes ??= this.#readLength();
      if (this.#wantedBytes === undefined || this.#pendingBytes < this.#wantedBytes) return messages;
      messages.push(this.#take(this.#wantedBytes));
    }
  }

  #readLength(): number | undefined {
    if (this.#pendingBytes < prefixBytes) return undefined;
    const joined = this.#join();
    const flag = joined[0] ?? 0;
    const length = joined.readUInt32BE(1);
    if (flag > 1)
      throw new PlatformError("invalid_request", "The request is not framed as gRPC frames its messages.");
    if (length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    return prefixBytes + length;
  }

  #take(wantedBytes: number): Message {
    const joined = this.#join();
    const rest = joined.subarray(wantedBytes);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    this.#wantedBytes = undefined;
    return { isCompressed: joined[0] === 1, bytes: joined.subarray(prefixBytes, wantedBytes) };
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const joined = Buffer.concat(this.#chunks, this.#pendingBytes);
    this.#chunks = [joined];
    return joined;
  }
}

/** Why a message is refused. */
export function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError(
    "payload_too_large",
    `The message is larger than ${maxBytes} bytes. Send less at a time.`,
  );
}

/** A kind of message, as the generated code writes it. */
export interface MessageType<Body> {
  encode(body: Body, writer: BinaryWriter): BinaryWriter;
}

const noPrefix = new Uint8Array(prefixBytes);
/** The memory of one message serves the next, unless it was larger than this. */
const mostKeptBytes = 64 * 1024;

/** Writes messages with their prefixes, not compressed. */
export class MessageWriter {
  #writer = new BinaryWriter();

  write<Body>(type: MessageType<Body>, body: Body): Uint8Array {
    try {
      const frame = type.encode(body, this.#writer.raw(noPrefix)).finish();
      writeLength(frame, frame.length - prefixBytes);
      if (frame.length > mostKeptBytes) this.#writer = new BinaryWriter();
      return frame;
    } catch (error) {
      // It holds half a message.
      this.#writer = new BinaryWriter();
      throw error;
    }
  }
}

function writeLength(frame: Uint8Array, length: number): void {
  frame[1] = length >>> 24;
  frame[2] = length >>> 16;
  frame[3] = length >>> 8;
  frame[4] = length;
}
