import type { Socket } from "node:net";
import type { ByteSink, PlatformError, ReplyBody } from "@llm-platform/kit";
import type { ResponseHead } from "./response-head.ts";

/** How an exchange turned out, told once. */
export interface ExchangeListener {
  onHead(head: ResponseHead, body: ReplyBody): void;
  /** @param isStale the connection had carried a request before and died without a byte of this answer */
  onFailure(error: PlatformError, isStale: boolean): void;
}

/**
 * The way of one reply from its connection to who asked for it, whatever its grammar: pieces of the payload go to the
 * sink as they come and are held until there is one, the end or the failure is told once. A failure before the head is
 * the listener's to hear, and the sink's after it (RFC 9112 section 8).
 *
 * It is a base class of the connection and no part of it, as `UpstreamReplyReader` is: an exchange costs no further
 * object, a piece no further call.
 */
export abstract class UpstreamReplyBody implements ReplyBody {
  protected abstract readonly socket: Socket;
  /** Until the head has come. */
  protected listener: ExchangeListener | undefined;
  protected sink: ByteSink | undefined;
  /** From the request on until the reply is read to its end. */
  protected isBusy = false;
  /** Whether the connection can carry another exchange, by what the head says. */
  protected isReusable = false;
  readonly #areReadsTransient: boolean;
  #held: Buffer[] | undefined;
  #ending: "end" | PlatformError | undefined;
  #isPaused = false;

  /** @param areReadsTransient whether the next read overwrites what is delivered */
  constructor(areReadsTransient: boolean) {
    this.#areReadsTransient = areReadsTransient;
  }

  /** The reply has been handed over whole and the connection can carry another. */
  protected abstract onFree(): void;

  read(sink: ByteSink): void {
    this.sink = sink;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) for (const chunk of held) sink.data(chunk);
    const ending = this.#ending;
    if (ending !== undefined) this.#tellEnding(sink, ending);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  cancel(): void {
    this.destroy();
  }

  /** Closes the connection, whatever it is doing; nobody is told but the owner. */
  destroy(): void {
    this.listener = undefined;
    this.sink = undefined;
    this.#held = undefined;
    this.socket.destroy();
  }

  protected deliver(payload: Buffer): void {
    if (this.sink !== undefined) this.sink.data(payload);
    else if (this.#held === undefined) this.#held = [this.lasting(payload)];
    else this.#held.push(this.lasting(payload));
  }

  /** Bytes that are to outlive their read. */
  protected lasting(bytes: Buffer): Buffer {
    return this.#areReadsTransient ? Buffer.from(bytes) : bytes;
  }

  /** @param isExact whether nothing came behind the message */
  protected finish(isExact: boolean): void {
    const keep = this.isReusable && isExact && !this.socket.destroyed;
    this.isBusy = false;
    if (!keep) this.socket.destroy();
    const sink = this.sink;
    if (sink === undefined) {
      // The reader has not come yet: it must find this exchange, not the next one.
      this.#ending = "end";
      return;
    }
    this.#release(keep);
    sink.end();
  }

  /** Closes the connection; an exchange that is not over fails. */
  protected fail(error: PlatformError, isStale = false): void {
    if (!this.isBusy) return;
    this.isBusy = false;
    this.socket.destroy();
    const listener = this.listener;
    this.listener = undefined;
    if (listener !== undefined) {
      listener.onFailure(error, isStale);
      return;
    }
    const sink = this.sink;
    this.sink = undefined;
    if (sink !== undefined) sink.fail(error);
    else this.#ending = error;
  }

  #tellEnding(sink: ByteSink, ending: "end" | PlatformError): void {
    this.#release(ending === "end" && !this.socket.destroyed);
    if (ending === "end") sink.end();
    else sink.fail(ending);
  }

  #release(isKept: boolean): void {
    this.sink = undefined;
    this.#ending = undefined;
    this.resume();
    if (isKept) this.onFree();
  }
}
