import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { errorTrailers } from "./error-trailers.ts";
import { type Message, MessageReader } from "./frames.ts";
import { acceptedEncodings, inflateMessage } from "./inflate.ts";
import type { CallContext, GrpcMethod } from "./method.ts";

/** The upstream is given up this long before the client's deadline, so that the client hears why. */
const deadlineMarginMs = 50;
/** A client that has begun a call and does not send its message, or does not take its reply, is let go after this long. */
const requestTimeoutMs = 60_000;
const stuckClientTimeoutMs = 30_000;

export interface CallInput {
  readonly stream: ServerHttp2Stream;
  readonly method: GrpcMethod;
  readonly requestId: string;
  /** The header `grpc-encoding`. */
  readonly encoding: string;
  /** Told once how the call ended: undefined for well. */
  onEnd(call: GrpcCall, error: PlatformError | undefined): void;
}

/** One call of a client: one stream of its connection. */
export class GrpcCall {
  readonly #input: CallInput;
  readonly #stream: ServerHttp2Stream;
  readonly #gone = new AbortController();
  readonly #reader: MessageReader;
  #deadline: NodeJS.Timeout | undefined;
  #requestTimer: NodeJS.Timeout | undefined;
  #context: CallContext | undefined;
  /** What is sent before the first message, or with an end before it. */
  #headers: OutgoingHttpHeaders = {};
  #trailers: OutgoingHttpHeaders = { "grpc-status": "0" };
  /** Messages are answered one after the other. */
  #answered: Promise<void> = Promise.resolve();
  #messages = 0;
  #isOver = false;

  constructor(input: CallInput) {
    this.#input = input;
    this.#stream = input.stream;
    this.#reader = new MessageReader(input.method.maxMessageBytes);
    this.#stream.once("aborted", () => this.#leave());
    this.#stream.once("close", () => this.#leave());
    // What goes wrong on the way to a client ends in `close`.
    this.#stream.on("error", () => undefined);
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

  setHeaders(headers: OutgoingHttpHeaders): void {
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
    this.#stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#stream.once("end", () => this.#onRequestEnd());
  }

  /** Ends the call with an error, and all that was begun for it. Later ends change nothing. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = toPlatformError(thrown);
    this.#finish(errorTrailers(error, this.#input.requestId), error);
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      const { kind } = this.method;
      for (const message of this.#reader.read(chunk)) {
        this.#messages++;
        if (this.#messages > 1 && kind !== "bidi_stream") throw oneMessage();
        this.#take(message);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Has a message answered after those before it. */
  #take(message: Message): void {
    const answer = () => this.#answer(message);
    this.#answered = this.#messages === 1 ? answer() : this.#answered.then(answer);
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

  #onRequestEnd(): void {
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
    const stream = this.#stream;
    if (stream.destroyed) this.#leave();
    if (this.#isOver) return Promise.reject(gone());
    this.#begin();
    if (this.method.kind === "unary") {
      this.#isOver = true;
      stream.end(frame);
      this.#settle(undefined);
      return undefined;
    }
    return stream.write(frame) ? undefined : this.#drained();
  }

  /** Resolves when the client takes more. */
  #drained(): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      const stuck = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), stuckClientTimeoutMs);
      const onDrain = () => {
        clearTimeout(stuck);
        stream.off("close", onClose);
        resolve();
      };
      const onClose = () => {
        clearTimeout(stuck);
        stream.off("drain", onDrain);
        reject(gone());
      };
      stream.once("drain", onDrain);
      stream.once("close", onClose);
    });
  }

  /** Sends the headers of a reply that has begun well. */
  #begin(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-accept-encoding": acceptedEncodings,
        "x-request-id": this.#input.requestId,
        ...this.#headers,
      },
      { waitForTrailers: true },
    );
    stream.once("wantTrailers", () => stream.sendTrailers(this.#trailers));
  }

  #end(): void {
    if (this.#stream.destroyed) this.#leave();
    if (this.#isOver) return;
    this.#begin();
    this.#isOver = true;
    this.#stream.end();
    this.#settle(undefined);
  }

  #finish(trailers: OutgoingHttpHeaders, error: PlatformError): void {
    const stream = this.#stream;
    this.#isOver = true;
    this.#gone.abort(error);
    if (!stream.destroyed && !stream.closed) {
      if (stream.headersSent) {
        this.#trailers = trailers;
        stream.end();
      } else {
        const head = { ":status": 200, "content-type": "application/grpc", ...this.#headers, ...trailers };
        stream.respond(head, { endStream: true });
      }
      // A client that has more to send is told that nobody reads it (RFC 9113 section 8.1).
      if (!stream.readableEnded) {
        stream.resume();
        stream.close(constants.NGHTTP2_NO_ERROR);
      }
    }
    this.#settle(error);
  }

  /** The client has gone, or everything was sent. */
  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const error = gone();
    this.#gone.abort(error);
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
