import type { Cancellation } from "./cancellation.ts";
import type { Dialect, Reply } from "./dialect.ts";

/** Bounds of one upstream, and whom it trusts. Every field has a default of the platform. */
export interface UpstreamLimits {
  /** Open connections at most; one more call fails with `overloaded`. Default 1024. */
  readonly maxConnections?: number;
  /** Time to connect, TLS included. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** A connection idle for longer is closed. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** Issuers in PEM that an https server's certificate must come from. Default: those that Node trusts. */
  readonly certificateAuthorities?: string | undefined;
}

/** A request for the hot path. */
export interface UpstreamRequest {
  readonly method: "POST" | "GET";
  /** Path with query, beginning with a slash. */
  readonly path: string;
  /** Header lines to send beside host, connection and content-length, made once per integration. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** W3C traceparent of the call, sent as a line of its own: unlike those above it is another for each call. */
  readonly traceparent?: string | undefined;
  readonly body: Uint8Array;
  readonly cancellation: Cancellation;
  /** The language of the answer, as its reply is to say. Default `openai`. */
  readonly dialect?: Dialect;
}

/** An answer. Its headers are without content-length: the body comes as it was delimited, and tells its own end. */
export type UpstreamReply = Reply;

/** Pooled, byte-level connections to one origin. */
export interface Upstream {
  /**
   * Resolves when the head of the answer is there.
   * Rejects with PlatformError `upstream_error` (refused, reset, DNS), `upstream_timeout` (connect),
   * `overloaded` (connection cap), or the cancellation's reason.
   * A pooled connection that died before the first byte is replaced once.
   */
  send(request: UpstreamRequest): Promise<UpstreamReply>;
  /** Connections now open, idle ones included. */
  readonly openConnections: number;
}
