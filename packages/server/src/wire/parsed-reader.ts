import { toRecord } from "./openai-usage.ts";
import { PendingBytes } from "./pending-bytes.ts";
import { malformed, ReplyFacts, type ReplyReader } from "./reply-facts.ts";
import { largestWholeReplyBytes } from "./whole-reader.ts";

/** Takes the facts out of a reply that was parsed. */
type NoteFacts = (reply: Readonly<Record<string, unknown>>, facts: ReplyFacts) => void;

/**
 * Reads a reply that is one JSON object (RFC 8259 section 4) of a dialect that is not OpenAI's: held until it is whole, and
 * parsed then.
 */
export class ParsedReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #noteFacts: NoteFacts;
  readonly #pending = new PendingBytes();
  #body: Buffer | undefined;

  constructor(noteFacts: NoteFacts) {
    this.#noteFacts = noteFacts;
  }

  push(chunk: Buffer): Buffer | undefined {
    this.#pending.add(chunk);
    if (this.#pending.length > largestWholeReplyBytes) throw malformed("a reply larger than 64 MiB");
    return undefined;
  }

  finish(): Buffer | undefined {
    this.#body = this.#pending.take();
    this.#noteFacts(parse(this.#body), this.facts);
    this.facts.isDone = this.facts.error === undefined;
    return undefined;
  }

  terminalFrames(): Buffer | undefined {
    return this.#body;
  }
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw malformed("a reply that is not a JSON object", error);
  }
  const reply = toRecord(value);
  if (reply === undefined) throw malformed("a reply that is not a JSON object");
  return reply;
}
