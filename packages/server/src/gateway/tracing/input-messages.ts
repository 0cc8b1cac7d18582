import { isJsonArray, isJsonObject, type Json, type JsonObject, textAt } from "@llm-platform/kit";
import { toImages, toParts, toToolCalls, toToolResponse } from "./message-parts.ts";
import type { RecordedMessage } from "./recorded-message.ts";

/** What a model was asked, in the form of the GenAI conventions. */
export interface RecordedInput {
  /** Instructions that stand beside the messages; those among them stay there. */
  readonly system: readonly JsonObject[];
  readonly messages: readonly RecordedMessage[];
}

/** Reads a request in any client's dialect, and takes it as it is: what is wrong with it is others' to say. */
export function readInput(body: JsonObject): RecordedInput {
  const messages = body["messages"];
  const read = isJsonArray(messages) ? messages.filter(isJsonObject).map(toMessage) : readPrompts(body);
  return { system: toParts(body["system"]), messages: read };
}

function toMessage(message: JsonObject): RecordedMessage {
  const role = textAt(message, "role") ?? "user";
  const content = message["content"];
  if (role === "tool" || role === "function") {
    const id = message["tool_call_id"] ?? message["tool_name"] ?? message["name"];
    return { role, parts: [toToolResponse(id, content)] };
  }
  const reasoning = textAt(message, "reasoning_content") ?? textAt(message, "thinking");
  return {
    role,
    parts: [
      ...(reasoning === undefined ? [] : [{ type: "reasoning", content: reasoning }]),
      ...toParts(content),
      ...toImages(message["images"]),
      ...toToolCalls(message),
    ],
  };
}

/** Of a completion or an embedding: one text, or several, or tokens in their place. */
function readPrompts(body: JsonObject): readonly RecordedMessage[] {
  const asked = body["prompt"] ?? body["input"];
  const prompts = isJsonArray(asked) && !isTokens(asked) ? asked : [asked];
  const images = toImages(body["images"]);
  return prompts
    .map((prompt) => ({ role: "user", parts: [...toPromptParts(prompt), ...images] }))
    .filter(({ parts }) => parts.length > 0);
}

function toPromptParts(prompt: Json | undefined): readonly JsonObject[] {
  return isJsonArray(prompt) && isTokens(prompt)
    ? [{ type: "tokens", count: prompt.length }]
    : toParts(prompt);
}

function isTokens(list: readonly Json[]): boolean {
  return typeof list[0] === "number";
}
