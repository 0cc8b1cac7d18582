import { Cancellation, PlatformError, toPlatformError } from "@llm-platform/kit";
import type { Auditor } from "../../control/auditor.ts";
import type { Timed } from "../../wire/deadlines.ts";
import { encodeHeader, encodeHeaders } from "../../wire/hpack-encoder.ts";
import type { Http2Stream, StreamWatcher } from "../../wire/http2-stream.ts";
import type { CallHead } from "./call-head.ts";
import { errorTrailers } from "./error-trailers.ts";
import { type Message, MessageReader } from "./frames.ts";
import { acceptedEncodings, inflateMessage } from "./inflate.ts";
import { CallContext, type CallFacts, type GrpcMethod, type HeaderValues } from "./method.ts";

/** The upstream is given up this long before the client's deadline, so that the client hears why. */
const deadlineMarginMs = 50;
/** A client that has begun a call and does not send its message is let go after this long. */
export const requestTimeoutMs = 60_000;
/** Messages of a dialog that came while those before them were answered. */
const mostWaiting = 64;

const errorHead = { ":status": 200, "content-type": "application/grpc" } as const;
const replyHead = encodeHeaders({ ...errorHead, "grpc-accept-encoding": acceptedEncodings });
const wellTrailers = encodeHeaders({ "grpc-status": "0" });
const noHeaders: HeaderValues = {};
const nothing = Promise.resolve();

export interface CallInput {
  readonly stream: Http2Stream;
  readonly head: CallHead;
  readonly method: GrpcMethod;
  readonly requestId: string;
  readonly auditor: Auditor;
  /** Told once how the call ended: undefined for well. */
  onEnd(call: GrpcCall, error: PlatformError | undefined): void;
}

/** One call of a client: one stream of its connection. */
export class GrpcCall implements StreamWatcher, CallFacts, Timed {
  readonly method: GrpcMethod;
  readonly requestId: string;
  readonly address: string | undefined;
  readonly countedBy: string | undefined;
  readonly traceparent: string | undefined;
  readonly auditor: Auditor;
  readonly cancellation = new Cancellation();
  place = -1;
  readonly #input: CallInput;
  readonly #stream: Http2Stream;
  readonly #reader: MessageReader;
  #deadline: NodeJS.Timeout | undefined;
  /** Since when its message is waited for, as far as that was looked at. */
  #waitsSinceMs: number | undefined;
  #context: CallContext | undefined;
  /** What is sent before the first message, or with an end before it. */
  #headers = noHeaders;
  /** Messages are answered one after the other. */
  #answered: Promise<void> = nothing;
  /** What came before it was known who calls. */
  #early: Message[] = [];
  #messages = 0;
  #waiting = 0;
  #isOver = false;
  /** Told when a client that was waited for takes more, or has gone. */
  #onTurn: ((isGone: boolean) => void) | undefined;

  constructor(input: CallInput) {
    const { stream, head, method } = input;
    this.method = method;
    this.requestId = input.requestId;
    this.address = head.address;
    this.countedBy = head.countedBy;
    this.traceparent = head.traceparent;
    this.auditor = input.auditor;
    this.#input = input;
    this.#stream = stream;
    this.#reader = new MessageReader(method.maxMessageBytes);
    stream.watch(this);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  setHeaders(headers: HeaderValues): void {
    this.#headers = this.#headers === noHeaders ? headers : { ...this.#headers, ...headers };
  }

  /** @param timeoutMs how long the client waits for the end; undefined for ever */
  endAfter(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return;
    this.#deadline = setTimeout(() => this.fail(tooLate()), Math.max(0, timeoutMs - deadlineMarginMs));
  }

  checkDeadline(nowMs: number): void {
    if (this.#context === undefined || this.method.kind === "bidi_stream" || this.#stream.hasEnded) return;
    this.#waitsSinceMs ??= nowMs;
    if (nowMs - this.#waitsSinceMs > requestTimeoutMs) this.fail(slowRequest());
  }

  /** Reads what the client sends, and answers it. */
  serve(caller: Pick<CallContext, "principal" | "refusal">): void {
    if (this.#isOver) return;
    this.#context = new CallContext(this, caller);
    const early = this.#early;
    this.#early = [];
    try {
      for (const message of early) this.#take(message);
    } catch (error) {
      this.fail(error);
    }
    if (this.#stream.hasEnded) this.onEnd();
  }

  /** Ends the call with an error, and all that was begun for it. Later ends change nothing. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = toPlatformError(thrown);
    this.#finish(errorTrailers(error, this.requestId), error);
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      const { kind } = this.method;
      for (const message of this.#reader.read(chunk)) {
        this.#messages++;
        if (this.#messages > 1 && kind !== "bidi_stream") throw oneMessage();
        if (this.#context !== undefined) this.#take(message);
        else if (this.#early.push(message) > mostWaiting) throw tooMuch();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Has a message answered, in a dialog after those before it. */
  #take(message: Message): void {
    if (this.method.kind === "bidi_stream") {
      if (++this.#waiting > mostWaiting) throw tooMuch();
      this.#answered = this.#answered.then(() => {
        this.#waiting--;
        return this.#answer(message);
      });
      this.#answered.catch((error: unknown) => this.fail(error));
      return;
    }
    this.#answer(message).then(
      () => this.#end(),
      (error: unknown) => this.fail(error),
    );
  }

  /** Rejects, or throws. */
  #answer(message: Message): Promise<void> {
    const context = this.#context;
    if (this.#isOver || context === undefined) return nothing;
    const { method } = this;
    const send = (frame: Uint8Array) => this.#send(frame);
    if (!message.isCompressed) return method.answer(message.bytes, context, send);
    const { encoding } = this.#input.head;
    return inflateMessage(message, encoding, method.maxMessageBytes).then((bytes) =>
      method.answer(bytes, context, send),
    );
  }

  onEnd(): void {
    if (this.#context === undefined || this.#isOver) return;
    if (this.method.kind === "bidi_stream" && !this.#reader.isAmidMessage) {
      this.#answered.then(
        () => this.#end(),
        // What was refused has ended the call already.
        () => undefined,
      );
    } else if (this.#messages === 0 || this.#reader.isAmidMessage) this.fail(noMessage());
  }

  #send(frame: Uint8Array): Promise<void> | undefined {
    if (this.#isOver) return Promise.reject(gone());
    const stream = this.#stream;
    this.#begin();
    const isTaken = stream.write(frame);
    if (this.method.kind !== "unary") return isTaken ? undefined : this.#drained();
    this.#end();
    return undefined;
  }

  /** Resolves when the client takes more. One that never does loses its stream. */
  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onTurn = (isGone) => {
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
    this.cancellation.cancel(error);
    this.#settle(error);
  }

  /** Sends the headers of a reply that has begun well. */
  #begin(): void {
    const stream = this.#stream;
    if (stream.hasSentHeaders) return;
    const block = replyHead + encodeHeader("x-request-id", this.requestId) + encodeHeaders(this.#headers);
    stream.respond(block, false);
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
    this.cancellation.cancel(error);
    if (stream.hasSentHeaders) stream.end(encodeHeaders(trailers));
    else stream.respond(encodeHeaders({ ...errorHead, ...this.#headers, ...trailers }), true);
    this.#settle(error);
  }

  #settle(error: PlatformError | undefined): void {
    clearTimeout(this.#deadline);
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

function tooMuch(): PlatformError {
  return new PlatformError(
    "rate_limited",
    `More than ${mostWaiting} messages wait to be answered. Read the replies before you send more.`,
  );
}
