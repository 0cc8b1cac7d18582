import { maxStreamLineBytes, type ModelEvent, type ReplyDecoder } from "@llm-platform/kit";
import { PendingBytes } from "../../wire/pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader } from "../../wire/reply-facts.ts";
import { largestWholeReplyBytes } from "../../wire/whole-reader.ts";
import { noteEvent } from "../event-facts.ts";

/** An event has one line of data and a few short ones: more than that is never held. */
const longestEventBytes = maxStreamLineBytes + 4 * 1024;

/**
 * Reads a stream of server-sent events as it passes, by the platform's own decoder of its dialect: whole events go on as
 * the bytes that they are, the one that marks the end waits for the record, and one that is an error goes nowhere.
 */
export class PassingStreamReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #decoder: ReplyDecoder;
  readonly #pending = new PendingBytes();
  #terminal: Buffer;

  /** @param endFrame what marks the end where the upstream does not do it itself */
  constructor(decoder: ReplyDecoder, endFrame: Buffer) {
    this.#decoder = decoder;
    this.#terminal = endFrame;
  }

  push(chunk: Buffer): Buffer | undefined {
    if (this.facts.isDone || this.facts.error !== undefined) return undefined;
    const bytes = this.#pending.take(chunk);
    let start = 0;
    for (let end = endOfEvent(bytes, start); end >= 0; end = endOfEvent(bytes, start)) {
      const event = bytes.subarray(start, end);
      note(this.#decoder.push(event), this.facts);
      if (this.facts.error !== undefined) return slice(bytes, start);
      if (this.facts.isDone) {
        this.#terminal = event;
        return slice(bytes, start);
      }
      start = end;
    }
    if (bytes.length - start > longestEventBytes) throw malformed("an event longer than 1 MiB");
    if (start < bytes.length) this.#pending.add(bytes.subarray(start));
    return slice(bytes, start);
  }

  finish(): Buffer | undefined {
    return undefined;
  }

  terminalFrames(): Buffer | undefined {
    return this.#terminal;
  }
}

/** Reads a whole reply that passes as it is, by the platform's own decoder of its dialect. */
export class PassingWholeReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #decoder: ReplyDecoder;
  readonly #pending = new PendingBytes();
  #body: Buffer | undefined;

  constructor(decoder: ReplyDecoder) {
    this.#decoder = decoder;
  }

  push(chunk: Buffer): Buffer | undefined {
    this.#pending.add(chunk);
    if (this.#pending.length > largestWholeReplyBytes) throw malformed("a reply larger than 64 MiB");
    return undefined;
  }

  finish(): Buffer | undefined {
    this.#body = this.#pending.take();
    note(this.#decoder.push(this.#body), this.facts);
    note(this.#decoder.end(), this.facts);
    return undefined;
  }

  terminalFrames(): Buffer | undefined {
    return this.#body;
  }
}

function note(events: readonly ModelEvent[], facts: ReplyFacts): void {
  for (const event of events) noteEvent(event, facts);
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Offset behind the empty line that ends the event at `from`, or -1. */
function endOfEvent(bytes: Buffer, from: number): number {
  for (let feed = bytes.indexOf(lineFeed, from); feed >= 0; feed = bytes.indexOf(lineFeed, feed + 1)) {
    if (bytes[feed + 1] === lineFeed) return feed + 2;
    if (bytes[feed + 1] === carriageReturn && bytes[feed + 2] === lineFeed) return feed + 3;
  }
  return -1;
}

function slice(bytes: Buffer, end: number): Buffer | undefined {
  return end === 0 ? undefined : bytes.subarray(0, end);
}
