import {
  type Delta,
  type FinishReason,
  type JsonObject,
  type ModelEvent,
  PlatformError,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import { stopReasons, toAnthropicUsage } from "./words.ts";
import type { ReplyEncoder, ReplyEncoderInput } from "../client-dialect.ts";

/** What a content block is of; the calls of tools are told apart by their place in the reply. */
type BlockKind = "text" | "thinking" | number;

/**
 * Writes canonical events as a stream of the Messages API. Its blocks stand one behind another, where OpenAI's deltas
 * may come in any order: what has another kind than the open block closes it and opens the next.
 */
export class AnthropicStreamEncoder implements ReplyEncoder {
  readonly #input: ReplyEncoderInput;
  #isStarted = false;
  #open: BlockKind | undefined;
  #blocks = 0;
  readonly #seenCalls = new Set<number>();
  #reason: FinishReason | undefined;
  #hasRefused = false;
  #usage: Usage = {};

  constructor(input: ReplyEncoderInput) {
    this.#input = input;
  }

  encode(event: ModelEvent): string {
    if (event.type === "delta" && event.choice === 0) return this.#encodeDelta(event);
    if (event.type === "finish" && event.choice === 0) this.#reason = event.reason;
    if (event.type === "usage") this.#usage = event.usage;
    return "";
  }

  finish(): string {
    const reason = this.#hasRefused ? "content_filter" : this.#reason;
    const delta = { stop_reason: reason === undefined ? null : stopReasons[reason], stop_sequence: null };
    const end = { delta, usage: toAnthropicUsage(this.#usage) };
    return this.#start() + this.#close() + frame("message_delta", end) + frame("message_stop", {});
  }

  #encodeDelta(delta: Delta): string {
    let text = this.#start();
    if (delta.reasoning !== undefined)
      text += this.#write("thinking", { type: "thinking_delta", thinking: delta.reasoning });
    if (delta.content !== undefined) text += this.#write("text", { type: "text_delta", text: delta.content });
    if (delta.refusal !== undefined) {
      this.#hasRefused = true;
      text += this.#write("text", { type: "text_delta", text: delta.refusal });
    }
    for (const call of delta.toolCalls ?? []) text += this.#encodeToolCall(call);
    return text;
  }

  #encodeToolCall(call: ToolCallDelta): string {
    let text = "";
    if (this.#open !== call.index) {
      if (this.#seenCalls.has(call.index) || call.name === undefined) throw disordered();
      this.#seenCalls.add(call.index);
      const id = call.id ?? `toolu_${this.#input.requestId}_${call.index}`;
      text += this.#openBlock(call.index, { type: "tool_use", id, name: call.name, input: {} });
    }
    if (call.argumentsText === undefined || call.argumentsText === "") return text;
    return text + this.#delta({ type: "input_json_delta", partial_json: call.argumentsText });
  }

  #write(kind: "text" | "thinking", delta: JsonObject): string {
    if (this.#open === kind) return this.#delta(delta);
    const block = kind === "text" ? { type: kind, text: "" } : { type: kind, thinking: "", signature: "" };
    return this.#openBlock(kind, block) + this.#delta(delta);
  }

  #openBlock(kind: BlockKind, block: JsonObject): string {
    const closed = this.#close();
    this.#open = kind;
    return closed + frame("content_block_start", { index: this.#blocks, content_block: block });
  }

  #delta(delta: JsonObject): string {
    return frame("content_block_delta", { index: this.#blocks, delta });
  }

  #close(): string {
    if (this.#open === undefined) return "";
    this.#open = undefined;
    return frame("content_block_stop", { index: this.#blocks++ });
  }

  #start(): string {
    if (this.#isStarted) return "";
    this.#isStarted = true;
    const { requestId, model } = this.#input;
    const message = {
      id: `msg_${requestId}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      // Other servers count at the end: the last event has the counts.
      usage: toAnthropicUsage({}),
    };
    return frame("message_start", { message });
  }
}

function frame(type: string, members: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

function disordered(): PlatformError {
  return new PlatformError(
    "upstream_malformed",
    "The upstream sent the parts of its tool calls in an order that cannot be said in Anthropic's dialect.",
  );
}
