import type { ModelEvent, ReplyDecoder } from "@llm-platform/kit";
import { ReplyFacts, type ReplyReader } from "../wire/reply-facts.ts";
import type { ReplyEncoder } from "./dialects/client-dialect.ts";
import { noteEvent } from "./event-facts.ts";

/** Reads a reply in a platform's dialect and gives it out in the client's. */
export class TranscodingReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #decoder: ReplyDecoder;
  readonly #encoder: ReplyEncoder;

  constructor(decoder: ReplyDecoder, encoder: ReplyEncoder) {
    this.#decoder = decoder;
    this.#encoder = encoder;
  }

  push(chunk: Buffer): Buffer | undefined {
    return this.#take(this.#decoder.push(chunk));
  }

  finish(): Buffer | undefined {
    return this.#take(this.#decoder.end());
  }

  terminalFrames(): Buffer | undefined {
    return Buffer.from(this.#encoder.finish());
  }

  #take(events: readonly ModelEvent[]): Buffer | undefined {
    let text = "";
    for (const event of events) {
      noteEvent(event, this.facts);
      if (this.facts.error !== undefined) break;
      text += this.#encoder.encode(event);
    }
    return text === "" ? undefined : Buffer.from(text);
  }
}
