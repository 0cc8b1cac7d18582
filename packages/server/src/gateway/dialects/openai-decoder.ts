import {
  createEventSplitter,
  createReplyGatherer,
  type EventSplitter,
  type ModelEvent,
  type Operation,
  parseReplyObject,
  type ReplyDecoder,
  type ReplyGatherer,
} from "@llm-platform/kit";
import { decodeOpenAiChunk, decodeOpenAiReply } from "./openai-reply.ts";

/** What must be known of the call whose reply is read. */
export interface OpenAiDecoderInput {
  readonly operation: Operation;
  readonly stream: boolean;
}

/**
 * Reads a reply in the OpenAI dialect: server-sent events with `[DONE]` behind them for a stream, else one JSON object.
 * After the end, or an error, nothing more comes.
 */
export class OpenAiReplyDecoder implements ReplyDecoder {
  readonly #operation: Operation;
  readonly #events: EventSplitter | undefined;
  readonly #whole: ReplyGatherer | undefined;
  #isOver = false;

  constructor({ operation, stream }: OpenAiDecoderInput) {
    this.#operation = operation;
    if (stream) this.#events = createEventSplitter();
    else this.#whole = createReplyGatherer();
  }

  push(chunk: Uint8Array): readonly ModelEvent[] {
    this.#whole?.push(chunk);
    const found: ModelEvent[] = [];
    for (const { data } of this.#events?.push(chunk) ?? []) {
      if (this.#isOver) break;
      found.push(...this.#readData(data));
      this.#isOver = isLast(found.at(-1));
    }
    return found;
  }

  end(): readonly ModelEvent[] {
    return this.#whole === undefined ? [] : decodeOpenAiReply(this.#whole.take(), this.#operation);
  }

  #readData(data: string): readonly ModelEvent[] {
    if (data.trimEnd() === "[DONE]") return [{ type: "end" }];
    return decodeOpenAiChunk(parseReplyObject(data), this.#operation);
  }
}

function isLast(event: ModelEvent | undefined): boolean {
  return event?.type === "end" || event?.type === "error";
}
