import {
  arrayAt,
  countAt,
  type Delta,
  type FinishReason,
  isJsonObject,
  type Json,
  type JsonObject,
  type ModelEvent,
  nestsDeeperThan,
  objectAt,
  type Operation,
  PlatformError,
  textAt,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import { decodeLogprobs } from "./decode-logprobs.ts";
import { maxArgumentsDepth } from "./encode-messages.ts";

/** Where a reply of text stands. */
interface TextProgress {
  readonly operation: Operation;
  /** Tool calls so far. */
  readonly toolCalls: number;
}

const finishReasonOf: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  content_filter: "content_filter",
  tool_calls: "tool_calls",
  // The answers to an empty prompt: the model was loaded or unloaded, and nothing was asked of it.
  load: "stop",
  unload: "stop",
};

/** The new text of one line; undefined when it brings none. Throws PlatformError `upstream_malformed`. */
export function decodeDelta(line: JsonObject, progress: TextProgress): Delta | undefined {
  const isChat = progress.operation === "chat";
  const message = isChat ? line.message : line;
  if (!isJsonObject(message) || (!isChat && typeof line.response !== "string")) {
    if (line.done === true) return undefined;
    throw new PlatformError("upstream_malformed", "Ollama sent a line that is not a part of a reply.");
  }
  const content = textAt(message, isChat ? "content" : "response");
  const reasoning = textAt(message, "thinking");
  const toolCalls = arrayAt(message, "tool_calls").map((call, position) =>
    decodeToolCall(call, progress.toolCalls + position, textAt(line, "created_at")),
  );
  const logprobs = decodeLogprobs(line.logprobs);
  if (content === undefined && reasoning === undefined && toolCalls.length === 0 && logprobs === undefined) {
    return undefined;
  }
  return {
    type: "delta",
    choice: 0,
    ...(content === undefined ? {} : { content }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

/** How a reply ended. An end for a reason that is not known is an error, never a made-up `stop`. */
export function decodeFinish(line: JsonObject, toolCalls: number): ModelEvent {
  // Old versions give no reason at all.
  const reason = finishReasonOf[textAt(line, "done_reason") ?? "stop"];
  if (reason === undefined) {
    const message = "Ollama ended the reply for a reason that the platform does not know.";
    return {
      type: "error",
      error: new PlatformError("upstream_malformed", message),
    };
  }
  return {
    type: "finish",
    choice: 0,
    reason: reason === "stop" && toolCalls > 0 ? "tool_calls" : reason,
  };
}

/** The tokens that a last line reports; undefined when it reports none. */
export function decodeUsage(line: JsonObject): Usage | undefined {
  const inputTokens = countAt(line, "prompt_eval_count");
  const outputTokens = countAt(line, "eval_count");
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
}

function decodeToolCall(call: Json, index: number, createdAt: string | undefined): ToolCallDelta {
  const parsed = isJsonObject(call) ? call : {};
  const called = objectAt(parsed, "function");
  const name = textAt(called, "name");
  if (name === undefined || nestsDeeperThan(called.arguments, maxArgumentsDepth)) {
    throw new PlatformError("upstream_malformed", "Ollama sent a tool call that is not understood.");
  }
  const given = called.arguments ?? {};
  return {
    index,
    id: textAt(parsed, "id") ?? toCallId(createdAt, index),
    name,
    argumentsText: typeof given === "string" ? given : JSON.stringify(given),
  };
}

/**
 * An id for a call that came without one, as all do before Ollama 0.12.10: from the time that the line
 * carries and the place in the reply, so that it is the same for the same bytes and another in the next turn.
 */
function toCallId(createdAt: string | undefined, index: number): string {
  const digits = createdAt?.slice(0, 40).replaceAll(/\D/g, "") ?? "";
  return digits === "" ? `call_${index}` : `call_${BigInt(digits).toString(36)}_${index}`;
}
