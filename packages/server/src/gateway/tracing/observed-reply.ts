import type { ModelEvent, ReplyDecoder } from "@llm-platform/kit";
import type { ReplyFacts, ReplyReader } from "../../wire/reply-facts.ts";
import type { OutputCollector } from "./output-collector.ts";

/** A decoder whose events are recorded as well. */
export class ObservedDecoder implements ReplyDecoder {
  readonly #inner: ReplyDecoder;
  readonly #output: OutputCollector;

  constructor(inner: ReplyDecoder, output: OutputCollector) {
    this.#inner = inner;
    this.#output = output;
  }

  push(chunk: Uint8Array): readonly ModelEvent[] {
    return this.#note(this.#inner.push(chunk));
  }

  end(): readonly ModelEvent[] {
    return this.#note(this.#inner.end());
  }

  #note(events: readonly ModelEvent[]): readonly ModelEvent[] {
    for (const event of events) this.#output.note(event);
    return events;
  }
}

/** Of a reply that passes as it is, so much is read along: a whole one is held until its end. */
const mostReadBytes = 8 * 1024 * 1024;

/**
 * A reader of a reply that passes as it is, whose content is recorded as well: its bytes are decoded beside it. What
 * cannot be decoded is not recorded, and the reply is not touched by that.
 */
export class ObservedReader implements ReplyReader {
  readonly facts: ReplyFacts;
  readonly #inner: ReplyReader;
  readonly #decoder: ReplyDecoder;
  readonly #output: OutputCollector;
  #readBytes = 0;

  constructor(inner: ReplyReader, decoder: ReplyDecoder, output: OutputCollector) {
    this.facts = inner.facts;
    this.#inner = inner;
    this.#decoder = decoder;
    this.#output = output;
  }

  push(chunk: Buffer): Buffer | undefined {
    this.#readBytes += chunk.length;
    if (this.#readBytes > mostReadBytes) this.#output.leaveOff();
    this.#observe(() => this.#decoder.push(chunk));
    return this.#inner.push(chunk);
  }

  finish(): Buffer | undefined {
    this.#observe(() => this.#decoder.end());
    return this.#inner.finish();
  }

  terminalFrames(): Buffer | undefined {
    return this.#inner.terminalFrames();
  }

  #observe(decode: () => readonly ModelEvent[]): void {
    if (this.#output.isFull) return;
    try {
      for (const event of decode()) this.#output.note(event);
    } catch {
      // The reader itself says what is wrong with the reply, if it minds.
      this.#output.leaveOff();
    }
  }
}
