import type { Cancellation } from "./cancellation.ts";
import type { PlatformError } from "./errors.ts";

/** What a call asks of a model. */
export const operations = ["chat", "completion", "embedding"] as const;
export type Operation = (typeof operations)[number];

/**
 * The language that a body is written in.
 *
 * `openai` is also the canonical one: a platform that speaks another brings a codec between
 * that dialect and OpenAI's shape.
 */
export type Dialect = "openai" | "ollama" | (string & {});

/** One model call on its way to a platform. */
export interface Call {
  /** The request's id, unique for ever; also the id that the client sees. */
  readonly id: string;
  readonly operation: Operation;
  readonly dialect: Dialect;
  /** The model's name as the platform that receives the call knows it. */
  readonly model: string;
  /** Whether the reply is to be a stream. */
  readonly stream: boolean;
  /** The request body as bytes in `dialect`, with `model` already rewritten. */
  readonly body: Uint8Array;
  /** The body as JSON, parsed at most once. Throws PlatformError `invalid_request`. */
  json(): unknown;
  /** Ends the call: the client left, a deadline passed, or the platform stops. */
  readonly cancellation: Cancellation;
  /** W3C traceparent to send on, when the call is traced. */
  readonly traceparent: string | undefined;
  /** Whose call it is, as an opaque text: for platforms that let callers take turns. Default: nobody's. */
  readonly tenant?: string;
  /** Header lines that belong to the body in its dialect, such as the betas that it makes use of. Default: none. */
  readonly dialectHeaders?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** Receives the bytes of a reply. After `end` or `fail` nothing more comes; exactly one of them comes. */
export interface ByteSink {
  /** The next bytes. The sink may keep the buffer; the body never writes to it again. */
  data(chunk: Uint8Array): void;
  /**
   * Where the next bytes are best put. A body that reads them there tells of them by `data` all the same, before it asks
   * again; one that cannot puts them anywhere, as it does where this is undefined.
   */
  room?(): Uint8Array | undefined;
  end(): void;
  fail(error: PlatformError): void;
}

/** The body of a reply: bytes pushed to one sink, with back-pressure. */
export interface ReplyBody {
  /** Starts delivery. Called once; bytes that came earlier are kept until then. */
  read(sink: ByteSink): void;
  /** Stops delivery soon; at most what was already read comes after this. */
  pause(): void;
  resume(): void;
  /** Gives up the reply: the connection behind it is closed and the sink hears nothing more. */
  cancel(): void;
}

/** Response headers, looked up by lower-case name. */
export interface ReplyHeaders {
  get(name: string): string | undefined;
}

/** What a platform answered. */
export interface Reply {
  /** HTTP status of the answer. Platforms that do not speak HTTP answer 200 or throw. */
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly dialect: Dialect;
  readonly body: ReplyBody;
  /** How long connecting took for this call, TLS included. Absent where a connection was there, and where there is none. */
  readonly connectMs?: number;
}
