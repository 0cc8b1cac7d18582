import {
  type Call,
  Cancellation,
  type Codec,
  type Dialect,
  type JsonObject,
  PlatformError,
} from "@llm-platform/kit";
import { spliceBody } from "../wire/body-splice.ts";
import { NdjsonReader } from "../wire/ndjson-reader.ts";
import { toRecord } from "../wire/openai-usage.ts";
import type { ReplyReader } from "../wire/reply-facts.ts";
import type { ReplyForms } from "../wire/reply-forms.ts";
import { SseReader } from "../wire/sse-reader.ts";
import { WholeReader } from "../wire/whole-reader.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { Target } from "./targets.ts";
import { TranscodingReader } from "./transcoding-reader.ts";

/** A call made ready for one target. */
export interface PreparedAttempt {
  readonly outgoing: Call;
  readonly reader: ReplyReader;
}

/**
 * Writes the call in the target's dialect and picks the reader of its reply.
 * @throws PlatformError `unsupported_parameter` when the target cannot do what is asked
 */
export function prepareAttempt(call: GatewayCall, target: Target): PreparedAttempt {
  const platform = target.platform;
  const dialect = platform?.dialectFor(call.operation);
  if (platform === undefined || dialect === undefined) {
    throw new PlatformError(
      "unsupported_parameter",
      `The model \`${call.head.model}\` cannot be used for ${call.operation} calls.`,
      {
        field: "model",
      },
    );
  }
  if (dialect !== call.dialect) return transcode(call, target, platform.codec);
  const includeUsage = dialect === "openai" && call.stream && platform.reportsStreamUsage !== false;
  const body = spliceBody(call.body, call.head, { model: target.model, includeUsage });
  return {
    outgoing: new OutgoingCall(call, { dialect, model: target.model, body }),
    reader: readerFor(call, dialect, target.replyForms),
  };
}

function readerFor(call: GatewayCall, dialect: Dialect, forms: ReplyForms): ReplyReader {
  const isOllama = dialect === "ollama";
  if (!call.stream) return new WholeReader(isOllama ? "ollama" : "openai", forms);
  return isOllama ? new NdjsonReader() : new SseReader({ keepUsageEvent: call.head.includeUsage, forms });
}

function transcode(call: GatewayCall, target: Target, codec: Codec | undefined): PreparedAttempt {
  if (call.dialect !== "openai" || codec === undefined) {
    throw new PlatformError(
      "unsupported_parameter",
      `The model \`${call.head.model}\` cannot be called in the ${call.dialect} dialect.`,
      {
        field: "model",
      },
    );
  }
  const request = toRequest(call.json());
  const { operation, stream } = call;
  const body = codec.encodeRequest({ operation, request, model: target.model, stream });
  const decoder = codec.createReplyDecoder({
    operation,
    stream,
    estimatedInputTokens: call.estimatedInputTokens,
  });
  const reader = new TranscodingReader(decoder, {
    operation,
    stream,
    requestId: call.id,
    model: call.head.model,
    createdSeconds: Math.floor(Date.now() / 1_000),
    includeUsage: call.head.includeUsage,
    isBase64: request["encoding_format"] === "base64",
  });
  return { outgoing: new OutgoingCall(call, { dialect: codec.dialect, model: target.model, body }), reader };
}

function toRequest(value: unknown): JsonObject {
  const record = toRecord(value);
  if (record === undefined) throw new PlatformError("invalid_request", "The body is not a JSON object.");
  // Parsed from JSON text, so every value in it is a JSON value.
  return record as JsonObject;
}

/** The call as a platform sees it. */
class OutgoingCall implements Call {
  readonly id: string;
  readonly operation: Call["operation"];
  readonly dialect: Dialect;
  readonly model: string;
  readonly stream: boolean;
  readonly body: Uint8Array;
  /** Of this attempt alone: a deadline ends it while the call goes on elsewhere. */
  readonly cancellation = new Cancellation();
  readonly traceparent: string | undefined;

  constructor(
    call: GatewayCall,
    outgoing: { readonly dialect: Dialect; readonly model: string; readonly body: Uint8Array },
  ) {
    this.id = call.id;
    this.operation = call.operation;
    this.dialect = outgoing.dialect;
    this.model = outgoing.model;
    this.stream = call.stream;
    this.body = outgoing.body;
    this.traceparent = call.traceparent;
  }

  json(): unknown {
    return JSON.parse(Buffer.from(this.body).toString("utf8"));
  }
}
