import {
  type Delta,
  type FinishReason,
  isJsonObject,
  type Json,
  type JsonObject,
  type ModelEvent,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import { malformed } from "../../../wire/reply-facts.ts";
import { stopReasons, toAnthropicUsage } from "./words.ts";
import type { ReplyEncoder, ReplyEncoderInput } from "../client-dialect.ts";

interface GatheredCall {
  id: string | undefined;
  name: string;
  argumentsText: string;
}

/** Gathers canonical events into one whole reply of the Messages API. */
export class AnthropicReplyBuilder implements ReplyEncoder {
  readonly #input: ReplyEncoderInput;
  #thinking = "";
  #text = "";
  readonly #calls = new Map<number, GatheredCall>();
  #reason: FinishReason | undefined;
  #hasRefused = false;
  #usage: Usage = {};

  constructor(input: ReplyEncoderInput) {
    this.#input = input;
  }

  encode(event: ModelEvent): string {
    if (event.type === "delta" && event.choice === 0) this.#add(event);
    else if (event.type === "finish" && event.choice === 0) this.#reason = event.reason;
    else if (event.type === "usage") this.#usage = event.usage;
    // What the arguments are is known now, while the reply can still fail.
    else if (event.type === "end") for (const call of this.#calls.values()) parseInput(call.argumentsText);
    return "";
  }

  finish(): string {
    const { requestId, model } = this.#input;
    const reason = this.#hasRefused ? "content_filter" : this.#reason;
    return JSON.stringify({
      id: `msg_${requestId}`,
      type: "message",
      role: "assistant",
      model,
      content: this.#blocks(),
      stop_reason: reason === undefined ? null : stopReasons[reason],
      stop_sequence: null,
      usage: toAnthropicUsage(this.#usage),
    });
  }

  #add(delta: Delta): void {
    this.#thinking += delta.reasoning ?? "";
    this.#text += `${delta.content ?? ""}${delta.refusal ?? ""}`;
    this.#hasRefused ||= delta.refusal !== undefined;
    for (const part of delta.toolCalls ?? []) this.#addToolCall(part);
  }

  #addToolCall(part: ToolCallDelta): void {
    const call = this.#calls.get(part.index) ?? { id: undefined, name: "", argumentsText: "" };
    call.id = part.id ?? call.id;
    call.name = part.name ?? call.name;
    call.argumentsText += part.argumentsText ?? "";
    this.#calls.set(part.index, call);
  }

  #blocks(): readonly Json[] {
    const thinking = { type: "thinking", thinking: this.#thinking, signature: "" };
    const calls = [...this.#calls].map(([index, { id, name, argumentsText }]) => ({
      type: "tool_use",
      id: id ?? `toolu_${this.#input.requestId}_${index}`,
      name,
      input: parseInput(argumentsText),
    }));
    return [
      ...(this.#thinking === "" ? [] : [thinking]),
      ...(this.#text === "" ? [] : [{ type: "text", text: this.#text }]),
      ...calls,
    ];
  }
}

/** The input of a tool as the object that it must be here. Throws PlatformError `upstream_malformed`. */
function parseInput(text: string): JsonObject {
  if (text.trim() === "") return {};
  let input: Json;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw malformed("the input of a tool that is not JSON", error);
  }
  if (!isJsonObject(input)) throw malformed("the input of a tool that is not an object");
  return input;
}
