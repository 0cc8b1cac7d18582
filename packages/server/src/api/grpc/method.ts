import { PlatformError } from "@llm-platform/kit";
import type { OperationContext } from "../../control/operation.ts";
import type { Access } from "../../core/http-route.ts";
import { toFrame } from "./frames.ts";

/** Metadata by name. */
export type HeaderValues = Readonly<Record<string, string>>;

/** What a method may know of a call. */
export interface CallContext extends OperationContext {
  /** Why a caller of a method with `optional` access is taken for nobody; undefined for one who is known. */
  readonly refusal: unknown;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly countedBy: string | undefined;
  /** W3C traceparent of the client. */
  readonly traceparent: string | undefined;
  /** Metadata that go before the first message. */
  setHeaders(headers: HeaderValues): void;
}

/** How a caller has to be known: by a permission, at all, or not; `optional` uses a key that was sent and is known. */
export type MethodAccess = Access | "known" | "optional";

interface MethodFacts {
  /** As a client names it, for example `/llmplatform.v1.Inference/Chat`. */
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly access: MethodAccess;
  /** Of one message of the client. */
  readonly maxMessageBytes: number;
  /** Whether the call ends with the server's drain, as one does that would never end by itself. */
  readonly isEndless: boolean;
}

/** Sends one reply; a promise where the client is to be waited for, which rejects when it has gone. */
export type Send<Reply> = (reply: Reply) => Promise<void> | undefined;

/** One method, as the server calls it. */
export interface GrpcMethod extends MethodFacts {
  /** Only of a `bidi_stream` a client may send more than one message. */
  readonly kind: "unary" | "server_stream" | "bidi_stream";
  /**
   * Answers one message of a client with frames, and resolves when it has.
   * Rejects with PlatformError `invalid_request` for bytes that are not the method's message, and with what its `run` does.
   */
  answer(request: Uint8Array, context: CallContext, send: Send<Buffer>): Promise<void>;
}

/** A method as the generated code describes it. */
interface MethodType<Request, Reply> {
  readonly name: string;
  readonly requestType: { decode(bytes: Uint8Array): Request };
  readonly responseType: { encode(message: Reply): { finish(): Uint8Array } };
}

interface MethodInput<Request, Reply> {
  readonly service: { readonly fullName: string };
  readonly type: MethodType<Request, Reply>;
  readonly access: MethodAccess;
  /** Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Default false. */
  readonly isEndless?: boolean;
}

const defaultMaxMessageBytes = 4 * 1024 * 1024;

/** A method that answers one request with one reply. */
export function unary<Request, Reply>(
  input: MethodInput<Request, Reply> & {
    run(request: Request, context: CallContext): Promise<Reply>;
  },
): GrpcMethod {
  const { type, run } = input;
  return {
    ...toFacts(input),
    kind: "unary",
    async answer(bytes, context, send) {
      await send(encode(type, await run(decode(type, bytes), context)));
    },
  };
}

/** A method that answers one request with any number of replies. */
export function serverStream<Request, Reply>(
  input: MethodInput<Request, Reply> & {
    run(request: Request, context: CallContext, send: Send<Reply>): Promise<void>;
  },
): GrpcMethod {
  const { type, run } = input;
  return {
    ...toFacts(input),
    kind: "server_stream",
    answer: async (bytes, context, send) =>
      run(decode(type, bytes), context, (reply) => send(encode(type, reply))),
  };
}

/** A method that answers each of any number of requests with one reply. */
export function dialog<Request, Reply>(
  input: MethodInput<Request, Reply> & { run(request: Request): Reply },
): GrpcMethod {
  const { type, run } = input;
  return {
    ...toFacts(input),
    kind: "bidi_stream",
    async answer(bytes, _context, send) {
      await send(encode(type, run(decode(type, bytes))));
    },
  };
}

function toFacts<Request, Reply>({
  service,
  type,
  access,
  maxMessageBytes = defaultMaxMessageBytes,
  isEndless = false,
}: MethodInput<Request, Reply>): MethodFacts {
  const path = `/${service.fullName}/${type.name}`;
  return { path, service: service.fullName, name: type.name, access, maxMessageBytes, isEndless };
}

function decode<Request>(
  { requestType }: Pick<MethodType<Request, unknown>, "requestType">,
  bytes: Uint8Array,
): Request {
  try {
    return requestType.decode(bytes);
  } catch (error) {
    throw new PlatformError(
      "invalid_request",
      "The message is not the one that this method takes. See contracts/platform.proto.",
      { cause: error },
    );
  }
}

function encode<Reply>(
  { responseType }: Pick<MethodType<unknown, Reply>, "responseType">,
  reply: Reply,
): Buffer {
  return toFrame(responseType.encode(reply).finish());
}
