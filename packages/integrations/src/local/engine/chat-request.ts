import type { JsonObject } from "@llm-platform/kit";
import * as z from "zod";
import { jsonObjectSchema } from "./json-schema.ts";
import { harmlessFields, samplingFields, streamFields } from "./sampling.ts";

const textPart = z.strictObject({
  type: z.literal("text", "only text parts are supported by the local engine"),
  text: z.string(),
});
const refusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const textContent = z.union([z.string(), z.array(textPart)]);

const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal("function"),
  function: z.strictObject({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion("role", [
  z.strictObject({
    role: z.enum(["system", "developer"]),
    content: textContent,
    name: z.string().optional(),
  }),
  z.strictObject({ role: z.literal("user"), content: textContent, name: z.string().optional() }),
  z.strictObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(z.union([textPart, refusalPart])), z.null()]).optional(),
    refusal: z.string().nullish(),
    name: z.string().optional(),
    tool_calls: z.array(toolCall).nullish(),
    reasoning_content: z.string().nullish(),
    annotations: z.array(z.unknown()).max(0, "annotations are not supported by the local engine").optional(),
    audio: z.null("audio is not supported by the local engine").optional(),
    function_call: z.null("use tool_calls").optional(),
  }),
  z.strictObject({
    role: z.literal("tool"),
    content: textContent,
    tool_call_id: z.string(),
    name: z.string().optional(),
  }),
]);

const toolName = z.string().regex(/^[\w.-]{1,64}$/, "a name has 1 to 64 letters, digits, '_', '.' or '-'");

const tool = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({
    name: toolName,
    description: z.string().optional(),
    parameters: jsonObjectSchema.optional(),
    strict: z.boolean().nullish(),
  }),
});

const toolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: toolName }) }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      schema: jsonObjectSchema.optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** A chat request in OpenAI's shape, as far as the engine honours it. Unknown fields are refused. */
export const chatRequestSchema = z.strictObject({
  ...harmlessFields,
  ...samplingFields,
  ...streamFields,
  messages: z.array(message).min(1),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  logprobs: z.boolean().default(false),
  top_logprobs: z.int().min(0).max(20).optional(),
  response_format: responseFormat.optional(),
  tools: z.array(tool).max(128).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().default(true),
  modalities: z.tuple([z.literal("text")], "only text comes out of the local engine").optional(),
  verbosity: z.literal("medium", "the local engine knows only its own length").optional(),
  reasoning_effort: z.string().optional(),
  chat_template_kwargs: jsonObjectSchema.optional(),
});

export type ChatRequest = z.output<typeof chatRequestSchema>;
export type ChatRequestMessage = ChatRequest["messages"][number];
export type ChatRequestTool = NonNullable<ChatRequest["tools"]>[number];

/** A tool as templates and models see it: with no key that is undefined. */
export function toToolSource(source: ChatRequestTool): JsonObject {
  const { name, description, parameters } = source.function;
  return {
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      parameters: parameters ?? { type: "object", properties: {} },
    },
  };
}
