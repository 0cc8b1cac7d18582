import type { Dialect, JsonObject, ModelEvent, Operation, ReplyDecoder } from "@llm-platform/kit";
import type { ReplyReader } from "../../wire/reply-facts.ts";
import type { ReplyForms } from "../../wire/reply-forms.ts";

/**
 * A language that clients may speak. With the codecs of the platforms, each of them reaches every platform: what a
 * client says is put into OpenAI's shape, and what the platform answers comes back as canonical events.
 */
export interface ClientDialect {
  readonly dialect: Dialect;
  /** Reads the reply of a platform that speaks the dialect too, while its bytes pass as they are. */
  createPassingReader(input: PassingInput): ReplyReader;
  /**
   * A request in OpenAI's shape; nothing that could change the reply is left out silently.
   * @throws PlatformError `unsupported_parameter` or `invalid_request`, with the field in the client's own spelling
   */
  decodeRequest(operation: Operation, body: JsonObject): JsonObject;
  createReplyEncoder(input: ReplyEncoderInput): ReplyEncoder;
}

/** What must be known to read a reply that passes as it is. */
export interface PassingInput {
  readonly stream: boolean;
  /** Whether the client asked for a usage event at the end of its stream. */
  readonly includeUsage: boolean;
  /** Those of the target's earlier replies. */
  readonly forms: ReplyForms;
  /** The platform's own decoder of the reply. */
  createDecoder(): ReplyDecoder;
}

/** What an encoder must know of the call that it answers. */
export interface ReplyEncoderInput {
  readonly operation: Operation;
  readonly stream: boolean;
  readonly requestId: string;
  /** The model as the client named it. */
  readonly model: string;
  /** What the client sent, in its own dialect. */
  readonly request: JsonObject;
  /** The time since 1970, in milliseconds. */
  nowMs(): number;
}

/** Writes one reply in a client's dialect. It keeps what its frames need to know of those before them. */
export interface ReplyEncoder {
  /**
   * What may go to the client for one event now: whole frames, so that an error can follow at any time; empty for an event
   * that has none, as all have in a whole reply. The frames that announce the end come from `finish`.
   * @throws PlatformError `upstream_malformed` for what the dialect cannot say
   */
  encode(event: ModelEvent): string;
  /**
   * The frames that announce the end of a stream, or the whole reply. Called once, when the reply is complete; a reason for
   * the end that the upstream did not give is not made up.
   */
  finish(): string;
}
