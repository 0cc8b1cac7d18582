import {
  arrayAt,
  createEventSplitter,
  createReplyGatherer,
  type DecodeInput,
  type FinishReason,
  isJsonObject,
  type JsonObject,
  type ModelEvent,
  nestsDeeperThan,
  objectAt,
  parseReplyObject,
  PlatformError,
  type ReplyDecoder,
  textAt,
  type ToolCallDelta,
} from "@llm-platform/kit";
import { type AnthropicCounts, decodeUsage, mergeCounts } from "./decode-usage.ts";
import { toReplyError } from "./reply-error.ts";

/** Reads a reply of `POST /v1/messages`: server-sent events for a stream, else one JSON object. */
export function createAnthropicDecoder({ stream }: DecodeInput): ReplyDecoder {
  return stream ? createStreamDecoder() : createWholeDecoder();
}

function createStreamDecoder(): ReplyDecoder {
  const events = createEventSplitter();
  const reading = new StreamReading();
  return {
    push: (chunk) => events.push(chunk).flatMap(({ data }) => reading.read(parseReplyObject(data))),
    end: () => [],
  };
}

function createWholeDecoder(): ReplyDecoder {
  const reply = createReplyGatherer();
  return {
    push(chunk) {
      reply.push(chunk);
      return [];
    },
    end: () => decodeMessage(reply.take()),
  };
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

/** Words that are not known count as `stop`, as they do for every upstream. */
function toFinish(word: string): ModelEvent {
  const reason = Object.hasOwn(finishReasons, word) ? finishReasons[word] : undefined;
  return { type: "finish", choice: 0, reason: reason ?? "stop" };
}

/** Turns event after event of a stream into canonical ones. After the end, or an error, nothing more comes. */
class StreamReading {
  #isOver = false;
  #counts: AnthropicCounts = {};
  #calls = 0;
  /** Of the open block, when it is a tool's: its place among the calls, and whether any input came. */
  #call: { readonly index: number; hasInput: boolean } | undefined;

  read(event: JsonObject): readonly ModelEvent[] {
    if (this.#isOver) return [];
    switch (event.type) {
      case "message_start":
        return this.#readStart(objectAt(event, "message"));
      case "content_block_start":
        return this.#openBlock(objectAt(event, "content_block"));
      case "content_block_delta":
        return this.#readDelta(objectAt(event, "delta"));
      case "content_block_stop":
        return this.#closeBlock();
      case "message_delta":
        return this.#readEnd(event);
      case "message_stop":
        this.#isOver = true;
        return [{ type: "end" }];
      case "error":
        this.#isOver = true;
        return [{ type: "error", error: toReplyError(event.error) }];
      default:
        // A ping, or an event that this version does not know, which Anthropic says may come.
        return [];
    }
  }

  /** The tokens of the prompt are known from the start; those of the reply, of which it names one, are not. */
  #readStart(message: JsonObject): readonly ModelEvent[] {
    const {
      output_tokens: _first,
      thinking_tokens: _none,
      ...counts
    } = mergeCounts({}, objectAt(message, "usage"));
    this.#counts = counts;
    return usageEvents(counts);
  }

  #openBlock(block: JsonObject): readonly ModelEvent[] {
    this.#call = undefined;
    if (block.type === "text") return textDelta("content", textAt(block, "text"));
    if (block.type === "thinking") return textDelta("reasoning", textAt(block, "thinking"));
    // Something came that the canonical form has no word for.
    if (block.type !== "tool_use") return [{ type: "delta", choice: 0 }];
    const index = this.#calls++;
    this.#call = { index, hasInput: false };
    return [toolDelta({ index, ...identityOf(block) })];
  }

  #readDelta(delta: JsonObject): readonly ModelEvent[] {
    switch (delta.type) {
      case "text_delta":
        return textDelta("content", textAt(delta, "text"));
      case "thinking_delta":
        return textDelta("reasoning", textAt(delta, "thinking"));
      case "input_json_delta":
        return this.#readInput(textAt(delta, "partial_json"));
      default:
        return [];
    }
  }

  #readInput(argumentsText: string | undefined): readonly ModelEvent[] {
    if (this.#call === undefined || argumentsText === undefined) return [];
    this.#call.hasInput = true;
    return [toolDelta({ index: this.#call.index, argumentsText })];
  }

  /** A tool without input is called with an empty object, which others write out. */
  #closeBlock(): readonly ModelEvent[] {
    const call = this.#call;
    this.#call = undefined;
    return call === undefined || call.hasInput ? [] : [toolDelta({ index: call.index, argumentsText: "{}" })];
  }

  #readEnd(event: JsonObject): readonly ModelEvent[] {
    this.#counts = mergeCounts(this.#counts, objectAt(event, "usage"));
    const reason = textAt(objectAt(event, "delta"), "stop_reason");
    return [...(reason === undefined ? [] : [toFinish(reason)]), ...usageEvents(this.#counts)];
  }
}

/** Input of a tool that nests deeper is refused. The platform's bound for any JSON. */
const maxInputDepth = 64;

function decodeMessage(message: JsonObject): readonly ModelEvent[] {
  if (message.type === "error") return [{ type: "error", error: toReplyError(message.error) }];
  if (!Array.isArray(message.content)) throw malformed("a reply without content");
  let calls = 0;
  const content = arrayAt(message, "content").flatMap((block): readonly ModelEvent[] => {
    if (!isJsonObject(block)) throw malformed("a block that is not an object");
    if (block.type === "text") return textDelta("content", textAt(block, "text"));
    if (block.type === "thinking") return textDelta("reasoning", textAt(block, "thinking"));
    return block.type === "tool_use" ? [decodeToolUse(block, calls++)] : [];
  });
  const reason = textAt(message, "stop_reason");
  return [
    ...content,
    ...(reason === undefined ? [] : [toFinish(reason)]),
    ...usageEvents(mergeCounts({}, objectAt(message, "usage"))),
    { type: "end" },
  ];
}

function usageEvents(counts: AnthropicCounts): readonly ModelEvent[] {
  const usage = decodeUsage(counts);
  return usage === undefined ? [] : [{ type: "usage", usage }];
}

function decodeToolUse(block: JsonObject, index: number): ModelEvent {
  if (nestsDeeperThan(block.input, maxInputDepth))
    throw malformed("a tool's input that is nested too deeply");
  return toolDelta({ index, ...identityOf(block), argumentsText: JSON.stringify(block.input ?? {}) });
}

function identityOf(block: JsonObject): { readonly id: string; readonly name: string } {
  const [id, name] = [textAt(block, "id"), textAt(block, "name")];
  if (id === undefined || name === undefined) throw malformed("a tool call without an id or a name");
  return { id, name };
}

function textDelta(part: "content" | "reasoning", text: string | undefined): readonly ModelEvent[] {
  return text === undefined ? [] : [{ type: "delta", choice: 0, [part]: text }];
}

function toolDelta(call: ToolCallDelta): ModelEvent {
  return { type: "delta", choice: 0, toolCalls: [call] };
}

function malformed(what: string): PlatformError {
  return new PlatformError("upstream_malformed", `Anthropic sent ${what}.`, { isRetryable: true });
}
