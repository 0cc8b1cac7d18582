import type { ModelEvent, ReplyDecoder } from "@llm-platform/kit";
import { ReplyFacts, type ReplyReader } from "../wire/reply-facts.ts";
import { doneFrame, type EncoderInput, OpenAiReplyBuilder, OpenAiStreamEncoder } from "./openai-encoder.ts";

/** Reads a reply in a platform's dialect and gives it out in OpenAI's. */
export class TranscodingReader implements ReplyReader {
  readonly facts = new ReplyFacts();
  readonly #decoder: ReplyDecoder;
  readonly #stream: OpenAiStreamEncoder | undefined;
  readonly #whole: OpenAiReplyBuilder | undefined;
  #terminalText = "";

  constructor(decoder: ReplyDecoder, input: EncoderInput & { readonly stream: boolean }) {
    this.#decoder = decoder;
    if (input.stream) this.#stream = new OpenAiStreamEncoder(input);
    else this.#whole = new OpenAiReplyBuilder(input);
  }

  push(chunk: Buffer): Buffer | undefined {
    return this.#take(this.#decoder.push(chunk));
  }

  finish(): Buffer | undefined {
    const passed = this.#take(this.#decoder.end());
    if (this.#whole !== undefined) this.#terminalText = JSON.stringify(this.#whole.build());
    return passed;
  }

  terminalFrames(): Buffer | undefined {
    return Buffer.from(this.#whole === undefined ? this.#terminalText + doneFrame : this.#terminalText);
  }

  #take(events: readonly ModelEvent[]): Buffer | undefined {
    let text = "";
    for (const event of events) {
      this.#note(event);
      if (this.facts.error !== undefined) break;
      this.#whole?.add(event);
      // Usage comes with the end in most dialects: it goes out with the frames that announce it.
      if (event.type === "usage") this.#terminalText += this.#stream?.encode(event) ?? "";
      else text += this.#stream?.encode(event) ?? "";
    }
    return text === "" ? undefined : Buffer.from(text);
  }

  #note(event: ModelEvent): void {
    const { facts } = this;
    switch (event.type) {
      case "delta":
      case "embedding":
        facts.contentEvents++;
        return;
      case "finish":
        facts.finishedChoices++;
        facts.finishReason = event.reason;
        return;
      case "usage":
        facts.usage = event.usage;
        return;
      case "warning":
        facts.isPromptTruncated = true;
        return;
      case "error":
        facts.error = event.error;
        return;
      case "end":
        facts.isDone = true;
    }
  }
}
