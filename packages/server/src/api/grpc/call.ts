import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { http2Codes } from "../../wire/http2-error.ts";
import type { Http2Stream, StreamWatcher } from "../../wire/http2-stream.ts";
import { errorTrailers } from "./error-trailers.ts";
import { type Message, MessageReader } from "./frames.ts";
import { acceptedEncodings, inflateMessage } from "./inflate.ts";
import type { CallContext, GrpcMethod, HeaderValues } from "./method.ts";

/** The upstream is given up this long before the client's deadline, so that the client hears why. */
const deadlineMarginMs = 50;
/** A client that has begun a call and does not send its message, or does not take its reply, is let go after this long. */
export const requestTimeoutMs = 60_000;
const stuckClientTimeoutMs = 30_000;

const errorHead = { ":status": 200, "content-type": "application/grpc" } as const;
const replyHead = { ...errorHead, "grpc-accept-encoding": acceptedEncodings } as const;
const wellTrailers = { "grpc-status": "0" } as const;

export interface CallInput {
  readonly stream: Http2Stream;
  readonly method: GrpcMethod;
  readonly requestId: string;
  /** The header `grpc-encoding`. */
  readonly encoding: string;
  /** Told once how the call ended: undefined for well. */
  onEnd(call: GrpcCall, error: PlatformError | undefined): void;
}

/** One call of a client: one stream of its connection. */
export class GrpcCall implements StreamWatcher {
  readonly #input: CallInput;
  readonly #stream: Http2Stream;
  readonly #gone = new AbortController();
  readonly #reader: MessageReader;
  #deadline: NodeJS.Timeout | undefined;
  #requestTimer: NodeJS.Timeout | undefined;
  #context: CallContext | undefined;
  /** What is sent before the first message, or with an end before it. */
  #headers: HeaderValues = {};
  /** Messages are answered one after the other. */
  #answered: Promise<void> = Promise.resolve();
  /** What came before it was known who calls. */
  #early: Message[] = [];
  #messages = 0;
  #isOver = false;
  /** Told when a client that was waited for takes more, or has gone. */
  #onTurn: ((isGone: boolean) => void) | undefined;

  constructor(input: CallInput) {
    this.#input = input;
    this.#stream = input.stream;
    this.#reader = new MessageReader(input.method.maxMessageBytes);
    this.#stream.watch(this);
  }

  get method(): GrpcMethod {
    return this.#input.method;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Aborted when the client has gone or the call has failed. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  setHeaders(headers: HeaderValues): void {
    this.#headers = { ...this.#headers, ...headers };
  }

  /** @param timeoutMs how long the client waits for the end; undefined for ever */
  endAfter(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return;
    this.#deadline = setTimeout(() => this.fail(tooLate()), Math.max(0, timeoutMs - deadlineMarginMs));
  }

  /** Reads what the client sends, and answers it. */
  serve(context: CallContext): void {
    if (this.#isOver) return;
    this.#context = context;
    if (this.method.kind !== "bidi_stream")
      this.#requestTimer = setTimeout(() => this.fail(slowRequest()), requestTimeoutMs);
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.#take(message);
    if (this.#stream.hasEnded) this.onEnd();
  }

  /** Ends the call with an error, and all that was begun for it. Later ends change nothing. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = toPlatformError(thrown);
    this.#finish(errorTrailers(error, this.#input.requestId), error);
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      const { kind } = this.method;
      for (const message of this.#reader.read(chunk)) {
        this.#messages++;
        if (this.#messages > 1 && kind !== "bidi_stream") throw oneMessage();
        if (this.#context === undefined) this.#early.push(message);
        else this.#take(message);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Has a message answered after those before it. */
  #take(message: Message): void {
    const answer = () => this.#answer(message);
    this.#answered = this.method.kind === "bidi_stream" ? this.#answered.then(answer) : answer();
    this.#answered.catch((error: unknown) => this.fail(error));
  }

  async #answer(message: Message): Promise<void> {
    const context = this.#context;
    if (this.#isOver || context === undefined) return;
    const { encoding, method } = this.#input;
    const bytes = message.isCompressed
      ? await inflateMessage(message, encoding, method.maxMessageBytes)
      : message.bytes;
    await method.answer(bytes, context, (frame) => this.#send(frame));
    if (method.kind !== "bidi_stream") this.#end();
  }

  onEnd(): void {
    if (this.#context === undefined || this.#isOver) return;
    clearTimeout(this.#requestTimer);
    if (this.method.kind === "bidi_stream" && !this.#reader.isAmidMessage) {
      this.#answered.then(
        () => this.#end(),
        // What was refused has ended the call already.
        () => undefined,
      );
    } else if (this.#messages === 0 || this.#reader.isAmidMessage) this.fail(noMessage());
  }

  #send(frame: Buffer): Promise<void> | undefined {
    if (this.#isOver) return Promise.reject(gone());
    const stream = this.#stream;
    this.#begin();
    const isTaken = stream.write(frame);
    if (this.method.kind !== "unary") return isTaken ? undefined : this.#drained();
    this.#end();
    return undefined;
  }

  /** Resolves when the client takes more. */
  #drained(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      const stuck = setTimeout(() => {
        stream.reset(http2Codes.CANCEL);
        this.onGone();
      }, stuckClientTimeoutMs);
      this.#onTurn = (isGone) => {
        clearTimeout(stuck);
        this.#onTurn = undefined;
        if (isGone) reject(gone());
        else resolve();
      };
    });
  }

  onDrain(): void {
    this.#onTurn?.(false);
  }

  /** The client has gone. */
  onGone(): void {
    this.#onTurn?.(true);
    if (this.#isOver) return;
    this.#isOver = true;
    const error = gone();
    this.#gone.abort(error);
    this.#settle(error);
  }

  /** Sends the headers of a reply that has begun well. */
  #begin(): void {
    const stream = this.#stream;
    if (stream.hasSentHeaders) return;
    const head = { ...replyHead, "x-request-id": this.#input.requestId, ...this.#headers };
    stream.respond(head, false);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#begin();
    this.#isOver = true;
    this.#stream.end(wellTrailers);
    this.#settle(undefined);
  }

  #finish(trailers: HeaderValues, error: PlatformError): void {
    const stream = this.#stream;
    this.#isOver = true;
    this.#onTurn?.(true);
    this.#gone.abort(error);
    if (stream.hasSentHeaders) stream.end(trailers);
    else stream.respond({ ...errorHead, ...this.#headers, ...trailers }, true);
    this.#settle(error);
  }

  #settle(error: PlatformError | undefined): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#requestTimer);
    this.#input.onEnd(this, error);
  }
}

function gone(): PlatformError {
  return new PlatformError("client_cancelled", "The client gave up the call.");
}

function tooLate(): PlatformError {
  return new PlatformError("request_timeout", "The call's own deadline has passed. Give it more time.");
}

function slowRequest(): PlatformError {
  return new PlatformError("request_timeout", "The request did not arrive in time.");
}

function oneMessage(): PlatformError {
  return new PlatformError("invalid_request", "This method takes one message.");
}

function noMessage(): PlatformError {
  return new PlatformError("invalid_request", "The request ended without a whole message.");
}
