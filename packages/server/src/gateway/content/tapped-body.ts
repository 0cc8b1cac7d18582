import type { ByteSink, PlatformError, ReplyBody } from "@llm-platform/kit";
import type { CapturedPart } from "../../core/captured-content.ts";

/** Hears once what passed, and how it ended: `ok`, or the code of an error. */
export type Taken = (part: CapturedPart, outcome: string) => void;

/** A reply's body that keeps as much of what passes as it may, and changes nothing of it. */
export class TappedBody implements ReplyBody, ByteSink {
  readonly #inner: ReplyBody;
  readonly #maxBytes: number;
  #taken: Taken | undefined;
  #sink: ByteSink | undefined;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(inner: ReplyBody, maxBytes: number, taken: Taken) {
    this.#inner = inner;
    this.#maxBytes = maxBytes;
    this.#taken = taken;
  }

  read(sink: ByteSink): void {
    this.#sink = sink;
    this.#inner.read(this);
  }

  data(chunk: Uint8Array): void {
    if (this.#bytes < this.#maxBytes) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#sink?.data(chunk);
  }

  end(): void {
    this.#take("ok");
    this.#sink?.end();
  }

  fail(error: PlatformError): void {
    this.#take(error.code);
    this.#sink?.fail(error);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  cancel(): void {
    this.#take("client_cancelled");
    this.#inner.cancel();
  }

  #take(outcome: string): void {
    this.#taken?.(toPart(Buffer.concat(this.#chunks), this.#bytes, this.#maxBytes), outcome);
    this.#taken = undefined;
    this.#chunks.length = 0;
  }
}

/** @param bytes of the whole, of which `kept` is the beginning */
export function toPart(kept: Buffer, bytes: number, maxBytes: number): CapturedPart {
  return { text: kept.toString("utf8", 0, maxBytes), bytes, isTruncated: bytes > maxBytes };
}
