import { type Cancellation, PlatformError } from "@llm-platform/kit";
import type { Auditor } from "../../control/auditor.ts";
import type { OperationContext } from "../../control/operation.ts";
import type { Access } from "../../core/http-route.ts";
import type { Principal } from "../../core/principal.ts";
import { type MessageType, MessageWriter } from "./frames.ts";

/** Metadata by name. */
export type HeaderValues = Readonly<Record<string, string>>;

/** What a call is before its caller is known. */
export interface CallFacts {
  readonly requestId: string;
  readonly address: string | undefined;
  readonly auditor: Auditor;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly countedBy: string | undefined;
  /** W3C traceparent of the client. */
  readonly traceparent: string | undefined;
  /** Of the call: cancelled when the client has gone or the call has failed. */
  readonly cancellation: Cancellation;
  /** Takes metadata that go before the first message. */
  setHeaders(headers: HeaderValues): void;
}

/** What a method may know of a call. */
export class CallContext implements OperationContext {
  readonly requestId: string;
  readonly address: string | undefined;
  readonly auditor: Auditor;
  readonly countedBy: string | undefined;
  readonly traceparent: string | undefined;
  readonly cancellation: Cancellation;
  readonly principal: Principal;
  /** Why a caller of a method with `optional` access is taken for nobody; undefined for one who is known. */
  readonly refusal: unknown;
  readonly #facts: CallFacts;

  constructor(facts: CallFacts, { principal, refusal }: Pick<CallContext, "principal" | "refusal">) {
    this.#facts = facts;
    this.requestId = facts.requestId;
    this.address = facts.address;
    this.auditor = facts.auditor;
    this.countedBy = facts.countedBy;
    this.traceparent = facts.traceparent;
    this.cancellation = facts.cancellation;
    this.principal = principal;
    this.refusal = refusal;
  }

  /** Made for who asks for it: most calls never do. */
  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  setHeaders(headers: HeaderValues): void {
    this.#facts.setHeaders(headers);
  }

  /** The same call, by somebody else. */
  by(principal: Principal): CallContext {
    return new CallContext(this.#facts, { principal, refusal: undefined });
  }
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
   * Throws PlatformError `invalid_request` for bytes that are not the method's message, and rejects with what its `run` does.
   */
  answer(request: Uint8Array, context: CallContext, send: Send<Uint8Array>): Promise<void>;
}

/** A method as the generated code describes it. */
interface MethodType<Request, Reply> {
  readonly name: string;
  readonly requestType: { decode(bytes: Uint8Array): Request };
  readonly responseType: MessageType<Reply>;
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
  const writer = new MessageWriter();
  return {
    ...toFacts(input),
    kind: "unary",
    answer: (bytes, context, send) =>
      run(decode(type, bytes), context).then((reply) => send(writer.write(type.responseType, reply))),
  };
}

/** A method that answers one request with any number of replies. */
export function serverStream<Request, Reply>(
  input: MethodInput<Request, Reply> & {
    run(request: Request, context: CallContext, send: Send<Reply>): Promise<void>;
  },
): GrpcMethod {
  const { type, run } = input;
  const writer = new MessageWriter();
  return {
    ...toFacts(input),
    kind: "server_stream",
    answer: (bytes, context, send) =>
      run(decode(type, bytes), context, (reply) => send(writer.write(type.responseType, reply))),
  };
}

/** A method that answers each of any number of requests with one reply. */
export function dialog<Request, Reply>(
  input: MethodInput<Request, Reply> & { run(request: Request): Reply },
): GrpcMethod {
  const { type, run } = input;
  const writer = new MessageWriter();
  return {
    ...toFacts(input),
    kind: "bidi_stream",
    async answer(bytes, _context, send) {
      await send(writer.write(type.responseType, run(decode(type, bytes))));
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
