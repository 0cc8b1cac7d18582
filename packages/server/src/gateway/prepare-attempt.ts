import {
  type Call,
  Cancellation,
  type Codec,
  type Dialect,
  type ModelPlatform,
  PlatformError,
  type ReplyDecoder,
} from "@llm-platform/kit";
import { spliceBody } from "../wire/body-splice.ts";
import type { ReplyReader } from "../wire/reply-facts.ts";
import type { ClientDialect } from "./dialects/client-dialect.ts";
import { clientDialectOf } from "./dialects/client-dialects.ts";
import { OpenAiReplyDecoder } from "./dialects/openai-decoder.ts";
import { encodeOpenAiRequest } from "./dialects/openai-request.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { toRequestObject } from "./request-object.ts";
import type { Target } from "./targets.ts";
import { ObservedDecoder, ObservedReader } from "./tracing/observed-reply.ts";
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
  const client = clientDialectOf(call.dialect);
  return dialect === call.dialect
    ? passOn({ call, target, platform }, client)
    : transcode({ call, target, platform }, { client, dialect });
}

interface Attempt {
  readonly call: GatewayCall;
  readonly target: Target;
  readonly platform: ModelPlatform;
}

/** Both sides speak the same: bytes stay bytes. */
function passOn({ call, target, platform }: Attempt, client: ClientDialect): PreparedAttempt {
  const { dialect, stream, head } = call;
  const { model } = target;
  const includeUsage = dialect === "openai" && stream && platform.reportsStreamUsage !== false;
  const body = spliceBody(call.body, head, { model, includeUsage });
  const reader = client.createPassingReader({
    stream,
    includeUsage: head.includeUsage,
    forms: target.replyForms,
    createDecoder: () => decoderOf(call, platform),
  });
  const { dialectHeaders } = call;
  const outgoing = new OutgoingCall(call, { dialect, model, body, dialectHeaders });
  const output = call.trace?.collectOutput(call.operation);
  if (output === undefined || (dialect !== "openai" && platform.codec === undefined))
    return { outgoing, reader };
  return { outgoing, reader: new ObservedReader(reader, replyDecoder(call, platform, dialect), output) };
}

function transcode(
  { call, target, platform }: Attempt,
  { client, dialect }: { readonly client: ClientDialect; readonly dialect: Dialect },
): PreparedAttempt {
  const { operation, stream } = call;
  const { model } = target;
  const asked = toRequestObject(call.json());
  const request = client.decodeRequest(operation, asked);
  const body =
    dialect === "openai"
      ? encodeOpenAiRequest({
          request,
          model,
          stream,
          provider: platform.provider,
          reportsStreamUsage: platform.reportsStreamUsage !== false,
        })
      : codecOf(call, platform).encodeRequest({ operation, request, model, stream });
  const encoder = client.createReplyEncoder({
    operation,
    stream,
    requestId: call.id,
    model: call.head.model,
    request: asked,
    nowMs: Date.now,
  });
  const decoder = replyDecoder(call, platform, dialect);
  const output = call.trace?.collectOutput(operation);
  return {
    outgoing: new OutgoingCall(call, { dialect, model, body }),
    reader: new TranscodingReader(
      output === undefined ? decoder : new ObservedDecoder(decoder, output),
      encoder,
    ),
  };
}

function replyDecoder(call: GatewayCall, platform: ModelPlatform, dialect: Dialect): ReplyDecoder {
  return dialect === "openai" ? new OpenAiReplyDecoder(call) : decoderOf(call, platform);
}

function decoderOf(call: GatewayCall, platform: ModelPlatform): ReplyDecoder {
  const { operation, stream, estimatedInputTokens } = call;
  return codecOf(call, platform).createReplyDecoder({ operation, stream, estimatedInputTokens });
}

function codecOf(call: GatewayCall, { codec }: ModelPlatform): Codec {
  if (codec !== undefined) return codec;
  throw new PlatformError(
    "unsupported_parameter",
    `The model \`${call.head.model}\` cannot be called in the ${call.dialect} dialect.`,
    { field: "model" },
  );
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
  readonly tenant: string;
  readonly dialectHeaders: Call["dialectHeaders"];

  constructor(call: GatewayCall, outgoing: Pick<Call, "dialect" | "model" | "body" | "dialectHeaders">) {
    this.id = call.id;
    this.operation = call.operation;
    this.dialect = outgoing.dialect;
    this.model = outgoing.model;
    this.stream = call.stream;
    this.body = outgoing.body;
    this.traceparent = call.trace?.beginAttempt(outgoing.dialect) ?? call.traceparent;
    const { teamId, userId, id } = call.principal;
    this.tenant = teamId ?? userId ?? id;
    this.dialectHeaders = outgoing.dialectHeaders;
  }

  json(): unknown {
    return JSON.parse(Buffer.from(this.body).toString("utf8"));
  }
}
