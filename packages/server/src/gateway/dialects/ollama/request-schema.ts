import type { JsonObject } from "@llm-platform/kit";
import { z } from "zod";

const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object is expected",
);

/** Fields that say how long a model stays in memory, how a prompt is cut, or what a client keeps for itself: a reply is the same without. */
const harmless = {
  keep_alive: z.union([z.string().max(64), z.number()]).optional(),
  truncate: z.boolean().optional(),
  shift: z.boolean().optional(),
  metadata: z.unknown().optional(),
};

const generation = {
  ...harmless,
  model: z.string(),
  stream: z.boolean().optional(),
  options: jsonObject.optional(),
  format: z.union([z.literal(""), z.literal("json"), jsonObject], '"json" or a JSON Schema').optional(),
  think: z.union([z.boolean(), z.enum(["low", "medium", "high", "max"])]).optional(),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().min(0).max(20).optional(),
};

const toolCall = z.strictObject({
  id: z.string().nullish(),
  type: z.literal("function").nullish(),
  function: z.strictObject({
    index: z.int().nullish(),
    name: z.string().min(1),
    description: z.string().nullish(),
    arguments: jsonObject,
  }),
});

const message = z.strictObject({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string().nullish(),
  thinking: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_name: z.string().nullish(),
  /** The name that older clients give a tool's result. */
  name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
});

/** `POST /api/chat`, as far as models of any platform honour it. Fields that are not here are refused. */
export const chatSchema = z.strictObject({
  ...generation,
  messages: z.array(message).min(1),
  tools: z.array(jsonObject).max(128).optional(),
});

/** `POST /api/generate`, likewise. */
export const generateSchema = z.strictObject({
  ...generation,
  prompt: z.string(),
  suffix: z.string().optional(),
  system: z.string().optional(),
  images: z.array(z.string()).optional(),
  raw: z.boolean().optional(),
  template: z.literal("", "a model has its own template. Use /api/chat").optional(),
  context: z.array(z.number()).max(0, "tokens mean something to one model only. Use /api/chat").optional(),
});

/** `POST /api/embed`, likewise. */
export const embedSchema = z.strictObject({
  ...harmless,
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())], "a text or a list of texts"),
  dimensions: z.int().min(1).optional(),
  options: jsonObject.optional(),
});

/** `POST /api/embeddings`, the older form for one text. */
export const embeddingsSchema = z.strictObject({
  ...harmless,
  model: z.string(),
  prompt: z.string(),
  options: jsonObject.optional(),
});

export type OllamaMessage = z.output<typeof message>;
export type OllamaGeneration = Omit<z.output<typeof generateSchema>, "prompt">;
