import {
  type CancelObserver,
  PlatformError,
  type ReplyBody,
  type UpstreamReply,
  type UpstreamRequest,
} from "@llm-platform/kit";
import type { ResponseHead } from "./response-head.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";
import type { ExchangeListener } from "./upstream-reply-body.ts";
import { traceLine } from "./upstream-request-head.ts";

/** What an exchange needs of the pool. */
interface ConnectionSource {
  /** Throws PlatformError `overloaded` or `unavailable`. */
  take(isFresh: boolean): UpstreamConnection;
  /** The head up to the value of content-length. */
  startOf(request: UpstreamRequest): Buffer;
}

/** Who asked, told once. */
interface Settle {
  readonly resolve: (reply: UpstreamReply) => void;
  readonly reject: (error: PlatformError) => void;
}

/**
 * One request and its reply, from the choice of a connection to the head: with the single retry that a kept connection
 * is allowed which the server had closed (RFC 9112 section 9.3.1). It hands over the head, and the connection as the
 * body.
 */
export class UpstreamExchange implements CancelObserver, ExchangeListener {
  readonly #connections: ConnectionSource;
  readonly #request: UpstreamRequest;
  readonly #resolve: (reply: UpstreamReply) => void;
  readonly #reject: (error: PlatformError) => void;
  #connection: UpstreamConnection | undefined;

  constructor(connections: ConnectionSource, request: UpstreamRequest, settle: Settle) {
    this.#connections = connections;
    this.#request = request;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
  }

  start(): void {
    const cancellation = this.#request.cancellation;
    if (cancellation.reason !== undefined) {
      this.#reject(cancellation.reason);
      return;
    }
    cancellation.onCancel(this);
    this.#send(false);
  }

  onCancel(reason: PlatformError): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    connection.destroy();
    this.#reject(reason);
  }

  onHead({ status, headers }: ResponseHead, body: ReplyBody): void {
    const connectMs = this.#connection?.firstUseMs;
    this.#connection = undefined;
    const { cancellation, dialect = "openai" } = this.#request;
    cancellation.offCancel(this);
    this.#resolve(
      connectMs === undefined
        ? { status, headers, dialect, body }
        : { status, headers, dialect, body, connectMs },
    );
  }

  onFailure(error: PlatformError, isStale: boolean): void {
    this.#connection = undefined;
    if (isStale) {
      this.#send(true);
      return;
    }
    this.#request.cancellation.offCancel(this);
    this.#reject(error);
  }

  #send(isFresh: boolean): void {
    try {
      const { body, traceparent } = this.#request;
      const head = this.#connections.startOf(this.#request);
      this.#connection = this.#connections.take(isFresh);
      this.#connection.start({ head, lines: traceLine(traceparent), body }, this);
    } catch (error) {
      this.#request.cancellation.offCancel(this);
      this.#reject(
        error instanceof PlatformError
          ? error
          : new PlatformError("internal", "The request could not be sent.", { cause: error }),
      );
    }
  }
}
