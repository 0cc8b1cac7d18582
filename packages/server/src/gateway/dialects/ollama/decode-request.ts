import type { JsonObject, Operation } from "@llm-platform/kit";
import { parseFields, unsupportedField } from "../parse-fields.ts";
import { decodeMessages, withImages } from "./decode-messages.ts";
import { decodeGeneration } from "./decode-options.ts";
import { chatSchema, embeddingsSchema, embedSchema, generateSchema } from "./request-schema.ts";

/** A request of Ollama's API in OpenAI's shape. Throws PlatformError naming the field. */
export function decodeOllamaRequest(operation: Operation, body: JsonObject): JsonObject {
  switch (operation) {
    case "chat":
      return decodeChat(body);
    case "completion":
      return decodeRawPrompt(body);
    case "embedding":
      return decodeEmbed(body);
  }
}

function decodeChat(body: JsonObject): JsonObject {
  const request = parseFields(chatSchema, body);
  const { model, messages, tools = [] } = request;
  return {
    model,
    messages: decodeMessages(messages),
    // They have OpenAI's own form.
    ...(tools.length === 0 ? {} : { tools }),
    ...decodeGeneration(request),
  };
}

/** A prompt that goes to the model as it stands, or is to be filled in the middle. */
function decodeRawPrompt(body: JsonObject): JsonObject {
  const request = parseFields(generateSchema, body);
  const { model, prompt, suffix, format, think, system, images } = request;
  if (format !== undefined && format !== "") throw unsupportedField("format", "Use /api/chat.");
  if (think !== undefined && think !== false) throw unsupportedField("think", "Use /api/chat.");
  if (system !== undefined && system !== "")
    throw unsupportedField("system", "A raw prompt holds it itself.");
  if (images !== undefined && images.length > 0) throw unsupportedField("images", "Use /api/chat.");
  const { reasoning_effort: _effort, ...generation } = decodeGeneration(request);
  return { model, prompt, ...(suffix === undefined || suffix === "" ? {} : { suffix }), ...generation };
}

/** What `/api/generate` asks as a chat: Ollama too puts the prompt into the template of a chat. */
export function decodeGenerate(_operation: Operation, body: JsonObject): JsonObject {
  const request = parseFields(generateSchema, body);
  const { model, prompt, system, images = [] } = request;
  return {
    model,
    messages: [
      ...(system === undefined || system === "" ? [] : [{ role: "system", content: system }]),
      { role: "user", content: withImages(prompt, images, "images") },
    ],
    ...decodeGeneration(request),
  };
}

function decodeEmbed(body: JsonObject): JsonObject {
  const { model, input, dimensions } = parseFields(embedSchema, body);
  return { model, input, ...(dimensions === undefined ? {} : { dimensions }) };
}

/** What the older `/api/embeddings` asks. */
export function decodeEmbeddings(_operation: Operation, body: JsonObject): JsonObject {
  const { model, prompt } = parseFields(embeddingsSchema, body);
  return { model, input: prompt };
}
