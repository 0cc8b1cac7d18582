import { Cancellation } from "../cancellation.ts";
import type { JsonObject } from "../chat.ts";
import type { Codec } from "../codec.ts";
import type { Call, Operation, ReplyBody } from "../dialect.ts";
import { PlatformError } from "../errors.ts";

export interface TestCallInput {
  readonly model: string;
  /** The request in OpenAI's shape; `model` and `stream` are set from the other fields. */
  readonly request: JsonObject;
  /** Default `chat`. */
  readonly operation?: Operation;
  /** Default false. */
  readonly stream?: boolean;
  /** Writes the request in its own dialect. Default: OpenAI's. */
  readonly codec?: Codec;
  readonly cancellation?: Cancellation;
}

/** A call as the gateway would make it. */
export function createTestCall(input: TestCallInput): Call {
  const { model, codec, operation = "chat", stream = false } = input;
  const request = {
    ...input.request,
    model,
    ...(operation === "embedding" ? {} : { stream }),
  };
  const body =
    codec === undefined
      ? new TextEncoder().encode(JSON.stringify(request))
      : codec.encodeRequest({ operation, request, model, stream });
  return {
    id: `call-${crypto.randomUUID()}`,
    operation,
    dialect: codec?.dialect ?? "openai",
    model,
    stream,
    body,
    json: () => JSON.parse(new TextDecoder().decode(body)),
    cancellation: input.cancellation ?? new Cancellation(),
    traceparent: undefined,
  };
}

/**
 * Reads a reply to its end, refusing whatever comes after the end.
 * Rejects with the error that the body failed with.
 */
export function readReplyBody(body: ReplyBody, onChunk?: (chunk: Uint8Array) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let isOver = false;
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      if (isOver) reject(new PlatformError("internal", "The body of a reply ended twice."));
      isOver = true;
      settle();
    };
    body.read({
      data(chunk) {
        if (isOver) throw new PlatformError("internal", "The body of a reply went on after its end.");
        chunks.push(chunk);
        onChunk?.(chunk);
      },
      end: () => finish(() => resolve(Buffer.concat(chunks))),
      fail: (error) => finish(() => reject(error)),
    });
  });
}
