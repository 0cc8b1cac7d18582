import type { Socket } from "node:net";
import type { PlatformError } from "@llm-platform/kit";
import { type Message, writeMessage } from "./message-writer.ts";
import type { ResponseHeadMemo } from "./response-head-memo.ts";
import { TurnQueue } from "./turn-queue.ts";
import type { Endpoint } from "./upstream-endpoint.ts";
import { brokenConnection, endedEarly, notAccepted } from "./upstream-errors.ts";
import type { ExchangeListener } from "./upstream-reply-body.ts";
import { copyOf, UpstreamReplyReader } from "./upstream-reply-reader.ts";
import { type ConnectionOptions, openSocket } from "./upstream-socket.ts";

/** The pool of a connection. */
export interface ConnectionOwner {
  /** Reads the heads of all its connections. */
  readonly heads: ResponseHeadMemo;
  /** The exchange is over and the connection can carry another. */
  onFree(connection: UpstreamConnection): void;
  onClose(connection: UpstreamConnection): void;
}

/** A request on its way to the wire. */
export interface RequestParts {
  /** The head up to the value of content-length, which is written by the connection. */
  readonly head: Buffer;
  /** Further header lines, each with its end. */
  readonly lines: string;
  readonly body: Uint8Array;
}

/**
 * One HTTP/1.1 connection to an upstream, carrying one exchange at a time, without pipelining (RFC 9112 section 9.3.2):
 *
 *     connection = *( request reply )       request = head content-length *( line CRLF ) CRLF body
 *
 * Requests are written here (section 2.1), in the turn's end; how replies are read is `UpstreamReplyReader`'s, and how
 * they are handed over `UpstreamReplyBody`'s. A body ends early as `upstream_incomplete` (section 8) when the connection
 * does. A connection on which anything was not as it should be carries no further exchange.
 * It is also the body of the reply it carries, so that an exchange costs no further object.
 */
export class UpstreamConnection extends UpstreamReplyReader {
  protected readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  #arrived: Buffer[] | undefined;
  #exchanges = 0;
  #connectMs = 0;
  /** Monotonic time at which the connection was first seen to be free; undefined before that. */
  freeSinceMs: number | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions, owner: ConnectionOwner) {
    super(owner.heads, options.areReadsTransient);
    this.#owner = owner;
    const onRead = options.areReadsTransient
      ? (shared: Buffer, bytes: number) => this.readBytes(shared.subarray(0, bytes))
      : (shared: Buffer, bytes: number) => this.#onArrival(shared, bytes);
    this.socket = openSocket(endpoint, options, { onRead, room: () => this.room() });
    this.socket.once("error", (error) => this.#onError(error));
    this.socket.once("end", () => this.#onEnd());
    this.socket.once("close", () => this.#onClosed());
    this.socket.setTimeout(options.connectTimeoutMs, () => this.fail(notAccepted()));
    const openedAtMs = performance.now();
    this.socket.once(endpoint.isTls ? "secureConnect" : "connect", () => {
      this.socket.setTimeout(0);
      this.#connectMs = performance.now() - openedAtMs;
    });
  }

  /** How long it took to connect, for the exchange that it was opened for; undefined for any other. */
  get firstUseMs(): number | undefined {
    return this.#exchanges === 1 ? this.#connectMs : undefined;
  }

  /**
   * Begins an exchange. The connection must be free.
   */
  start({ head, lines, body }: RequestParts, listener: ExchangeListener): void {
    this.listener = listener;
    this.expectReply();
    this.#exchanges++;
    requests.add({ socket: this.socket, head, rest: `${body.length}\r\n${lines}\r\n`, body });
  }

  /** Closes the connection; a call that is in flight on it fails with `error`. */
  abort(error: PlatformError): void {
    this.fail(error);
    this.socket.destroy();
  }

  /** Reads what has come in this turn of the event loop. */
  takeArrived(): void {
    const arrived = this.#arrived;
    if (arrived === undefined) return;
    this.#arrived = undefined;
    for (const read of arrived) this.readBytes(read);
  }

  protected onFree(): void {
    this.#owner.onFree(this);
  }

  /** A piece of a stream goes on at once: it is small, it comes alone, and somebody watches it appear. */
  #onArrival(shared: Buffer, bytes: number): void {
    if (this.#arrived !== undefined) this.#arrived.push(copyOf(shared, 0, bytes));
    else if (this.isStreaming) this.readStream(shared, bytes);
    else {
      this.#arrived = [copyOf(shared, 0, bytes)];
      arrivals.add(this);
    }
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.takeArrived();
    this.fail(brokenConnection(error), this.#exchanges > 1 && !this.hasByte);
  }

  #onEnd(): void {
    this.takeArrived();
    if (this.endsWithConnection && this.isBusy) this.finish(true);
    else this.#onClosed();
  }

  #onClosed(): void {
    this.takeArrived();
    this.fail(endedEarly(), this.#exchanges > 1 && !this.hasByte);
    if (!this.socket.destroyed) this.socket.destroy();
    this.#owner.onClose(this);
  }
}

const arrivals = new TurnQueue<UpstreamConnection>((connection) => connection.takeArrived());

interface OutgoingRequest extends Message {
  readonly socket: Socket;
}

const requests = new TurnQueue<OutgoingRequest>((request) => {
  if (!request.socket.destroyed) writeMessage(request.socket, request);
});
