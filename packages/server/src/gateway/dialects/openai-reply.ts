import {
  arrayAt,
  countAt,
  type Delta,
  isJsonArray,
  isJsonObject,
  type Json,
  type JsonObject,
  type ModelEvent,
  nestsDeeperThan,
  objectAt,
  type Operation,
  textAt,
  type ToolCallDelta,
  type Usage,
} from "@llm-platform/kit";
import { toReportedError } from "../../wire/reported-error.ts";
import { malformed, toFinishReason } from "../../wire/reply-facts.ts";

/** Log probabilities are two lists deep; what goes deeper cannot be written again without danger to the stack. */
const deepestLogprobs = 16;

/** The events of one chunk of a stream. Throws PlatformError `upstream_malformed`. */
export function decodeOpenAiChunk(chunk: JsonObject, operation: Operation): readonly ModelEvent[] {
  const error = errorOf(chunk);
  if (error !== undefined) return [error];
  return [
    ...arrayAt(chunk, "choices").flatMap((choice) => decodeChoice(choice, operation)),
    ...usageOf(chunk),
  ];
}

/** The events of a whole reply. Throws PlatformError `upstream_malformed`. */
export function decodeOpenAiReply(reply: JsonObject, operation: Operation): readonly ModelEvent[] {
  const error = errorOf(reply);
  if (error !== undefined) return [error];
  const content =
    operation === "embedding"
      ? listOf(reply, "data").map(decodeEmbedding)
      : listOf(reply, "choices").flatMap((choice) => decodeChoice(choice, operation));
  return [...content, ...usageOf(reply), { type: "end" }];
}

function listOf(reply: JsonObject, key: string): readonly Json[] {
  const list = reply[key];
  if (!isJsonArray(list)) throw malformed(`a reply without \`${key}\``);
  return list;
}

function errorOf(reply: JsonObject): ModelEvent | undefined {
  if ((reply.error ?? undefined) === undefined) return undefined;
  const message = "The upstream reported an error in its reply.";
  return { type: "error", error: toReportedError(reply.error, message, false) };
}

function decodeChoice(choice: Json, operation: Operation): readonly ModelEvent[] {
  if (!isJsonObject(choice)) throw malformed("a choice that is not an object");
  const index = countAt(choice, "index") ?? 0;
  const delta = decodeDelta(choice, { index, operation });
  const reason = textAt(choice, "finish_reason");
  return [
    ...(delta === undefined ? [] : [delta]),
    ...(reason === undefined
      ? []
      : [{ type: "finish", choice: index, reason: toFinishReason(reason) } as const]),
  ];
}

/** What is new in a choice; undefined for one that only opens or ends. */
function decodeDelta(
  choice: JsonObject,
  { index, operation }: { readonly index: number; readonly operation: Operation },
): Delta | undefined {
  const message = isJsonObject(choice.delta) ? choice.delta : objectAt(choice, "message");
  const content = operation === "completion" ? textAt(choice, "text") : textAt(message, "content");
  const reasoning = textAt(message, "reasoning_content") ?? textAt(message, "reasoning");
  const refusal = textAt(message, "refusal");
  const toolCalls = arrayAt(message, "tool_calls").map(decodeToolCall);
  const logprobs = isJsonObject(choice.logprobs) ? choice.logprobs : undefined;
  if (nestsDeeperThan(logprobs, deepestLogprobs))
    throw malformed("log probabilities that are nested too deeply");
  const parts = {
    ...(content === undefined ? {} : { content }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
  return Object.keys(parts).length === 0 ? undefined : { type: "delta", choice: index, ...parts };
}

function decodeToolCall(call: Json, position: number): ToolCallDelta {
  if (!isJsonObject(call)) throw malformed("a tool call that is not an object");
  const called = objectAt(call, "function");
  const id = textAt(call, "id");
  const name = textAt(called, "name");
  const argumentsText = textAt(called, "arguments");
  return {
    index: countAt(call, "index") ?? position,
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    ...(argumentsText === undefined ? {} : { argumentsText }),
  };
}

function decodeEmbedding(entry: Json, position: number): ModelEvent {
  if (!isJsonObject(entry)) throw malformed("an embedding that is not an object");
  return {
    type: "embedding",
    index: countAt(entry, "index") ?? position,
    vector: decodeVector(entry.embedding),
  };
}

function decodeVector(value: Json | undefined): readonly number[] {
  if (isNumbers(value)) return value;
  if (typeof value !== "string") throw malformed("an embedding that is not a list of numbers");
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === 0 || bytes.length % 4 !== 0)
    throw malformed("an embedding that is not base64 of floats");
  return Array.from({ length: bytes.length / 4 }, (_none, position) => bytes.readFloatLE(position * 4));
}

function isNumbers(value: Json | undefined): value is readonly number[] {
  return isJsonArray(value) && value.length > 0 && value.every((number) => typeof number === "number");
}

function usageOf(reply: JsonObject): readonly ModelEvent[] {
  if (!isJsonObject(reply.usage)) return [];
  const usage = decodeUsage(reply.usage);
  return Object.keys(usage).length === 0 ? [] : [{ type: "usage", usage }];
}

function decodeUsage(usage: JsonObject): Usage {
  const inputTokens = countAt(usage, "prompt_tokens");
  const outputTokens = countAt(usage, "completion_tokens");
  const cacheReadTokens = countAt(objectAt(usage, "prompt_tokens_details"), "cached_tokens");
  const reasoningTokens = countAt(objectAt(usage, "completion_tokens_details"), "reasoning_tokens");
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
