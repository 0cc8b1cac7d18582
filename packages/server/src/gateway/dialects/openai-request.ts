import { isJsonArray, isJsonObject, type Json, type JsonObject } from "@llm-platform/kit";

interface OpenAiRequestInput {
  /** In OpenAI's shape. */
  readonly request: JsonObject;
  /** The model's name as the platform knows it. */
  readonly model: string;
  readonly stream: boolean;
  /** `gen_ai.provider.name` of the platform. */
  readonly provider: string;
  /** Whether the platform reports usage in its streams when asked. */
  readonly reportsStreamUsage: boolean;
}

/**
 * Writes a request that another dialect brought for a platform that speaks OpenAI's. Servers differ in two words: OpenAI's
 * own newer models take the bound of a reply under its newer name only, which others do not know, and OpenAI takes
 * no reasoning back. Both are words of chats.
 */
export function encodeOpenAiRequest(input: OpenAiRequestInput): Uint8Array {
  const { request, model, stream, reportsStreamUsage } = input;
  const { stream: _asked, stream_options: _options, ...rest } = request;
  const isOpenAiChat = input.provider === "openai" && rest.messages !== undefined;
  const worded = isOpenAiChat ? toNewerWords(rest) : rest;
  const usage = reportsStreamUsage ? { stream_options: { include_usage: true } } : {};
  return Buffer.from(JSON.stringify({ ...worded, model, ...(stream ? { stream, ...usage } : {}) }));
}

function toNewerWords({ max_tokens, messages, ...rest }: JsonObject): JsonObject {
  return {
    ...rest,
    ...(isJsonArray(messages) ? { messages: messages.map(withoutReasoning) } : {}),
    ...(max_tokens === undefined ? {} : { max_completion_tokens: max_tokens }),
  };
}

function withoutReasoning(message: Json): Json {
  if (!isJsonObject(message)) return message;
  const { reasoning_content: _reasoning, ...rest } = message;
  return rest;
}
