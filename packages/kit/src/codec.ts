import type { JsonObject, ModelEvent } from "./chat.ts";
import type { Dialect, Operation } from "./dialect.ts";

/** A request to be written in a codec's dialect. */
export interface EncodeInput {
  readonly operation: Operation;
  /** The request in OpenAI's shape, already known to be a JSON object. */
  readonly request: JsonObject;
  /** The model's name as the platform knows it; `request.model` may be an alias. */
  readonly model: string;
  readonly stream: boolean;
}

/** What a decoder must know of the call whose reply it reads. */
export interface DecodeInput {
  readonly operation: Operation;
  readonly stream: boolean;
  /** Estimated tokens of the prompt, by the platform's own estimate, for noticing truncation. */
  readonly estimatedInputTokens: number;
}

/** Reads one reply. Pure: bytes in, events out; it keeps only an unfinished piece. */
export interface ReplyDecoder {
  /** Throws PlatformError `upstream_malformed` when the bytes cannot be the dialect. */
  push(chunk: Uint8Array): readonly ModelEvent[];
  /** The upstream closed cleanly. Returns what was still held. */
  end(): readonly ModelEvent[];
}

/** Translates between one dialect and the canonical form (OpenAI's shape). */
export interface Codec {
  readonly dialect: Dialect;
  /**
   * Throws PlatformError `unsupported_parameter` with `field` for a field that the dialect
   * cannot say; nothing is dropped silently.
   */
  encodeRequest(input: EncodeInput): Uint8Array;
  createReplyDecoder(input: DecodeInput): ReplyDecoder;
}
