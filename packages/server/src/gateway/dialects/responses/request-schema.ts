import type { JsonObject } from "@llm-platform/kit";
import { z } from "zod";
import type { ToolName } from "./tool-names.ts";

/** A JSON object of whatever members. */
export const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object is expected",
);

const textFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string().min(1).max(64),
    description: z.string().nullish(),
    schema: jsonObject,
    strict: z.boolean().nullish(),
  }),
]);

const text = z.strictObject({
  format: textFormat.nullish(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
});

/** Of `summary` nothing follows: what a model tells of its reasoning is given out as it is. */
const reasoning = z.strictObject({
  effort: z.string().max(32).nullish(),
  summary: z.enum(["auto", "concise", "detailed"]).nullish(),
  generate_summary: z.enum(["auto", "concise", "detailed"]).nullish(),
});

/** A tool that the caller runs itself. */
export const functionTool = z.strictObject({
  type: z.literal("function"),
  name: z.string().min(1).max(128),
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
});

/** Functions of the caller that stand together under a name. */
export const namespaceTool = z.strictObject({
  type: z.literal("namespace"),
  name: z.string().min(1).max(64),
  description: z.string().nullish(),
  tools: z.array(z.looseObject({ type: z.string().max(64) })).max(128),
});

const namedTool = z.strictObject({
  type: z.literal("function"),
  name: z.string().min(1).max(128),
  namespace: z.string().max(64).optional(),
});

/** `POST /v1/responses`, as far as the platform honours it. Fields that are not here are refused. */
export const responsesRequestSchema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(jsonObject).min(1)], "a text, or a list of at least one item"),
  instructions: z.string().optional(),
  stream: z.boolean().optional(),
  store: z.boolean().optional(),
  previous_response_id: z.string().max(128).optional(),
  metadata: z.record(z.string().max(64), z.string().max(512)).optional(),
  max_output_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_logprobs: z.int().min(0).max(20).optional(),
  tools: z
    .array(z.looseObject({ type: z.string().max(64) }))
    .max(128)
    .optional(),
  tool_choice: z
    .union(
      [z.enum(["none", "auto", "required"]), namedTool],
      "none, auto, required, or one function by its name",
    )
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  text: text.optional(),
  reasoning: reasoning.optional(),
  include: z.array(z.string().max(64)).max(32).optional(),
  truncation: z.literal("disabled", 'the prompt is never cut here, only "disabled" is possible').optional(),
  background: z
    .literal(false, "a response is made while its caller waits, so only false is possible")
    .optional(),
  service_tier: z.enum(["auto", "default"]).optional(),
  // These bound tools that run at the provider, steer a cache, or say who asks: none of them changes a reply here.
  max_tool_calls: z.int().min(1).optional(),
  stream_options: z.looseObject({}).optional(),
  user: z.string().max(512).optional(),
  safety_identifier: z.string().max(512).optional(),
  prompt_cache_key: z.string().max(512).optional(),
  prompt_cache_retention: z.string().max(32).optional(),
  prompt_cache_options: z.looseObject({}).optional(),
  client_metadata: z.looseObject({}).optional(),
});

/** A function, and the namespace that it stands in. */
export type ResponsesTool = z.output<typeof functionTool> & {
  readonly namespace?: { readonly name: string; readonly description: string };
};

/** A request as it was checked. */
export interface ResponsesRequest extends Omit<z.output<typeof responsesRequestSchema>, "tools"> {
  readonly tools: readonly ResponsesTool[];
}

/** What a function is called by in the items of a response. */
export function toToolName({ name, namespace }: ResponsesTool): ToolName {
  return namespace === undefined ? { name } : { name, namespace: namespace.name };
}
