import { finishReasons } from "@llm-platform/kit";
import { z } from "zod";

const model = z.string().min(1).max(512).describe("Name of the model, integration/name, or an alias.");
const more = z
  .record(z.string(), z.json())
  .optional()
  .describe("Further parameters, under the names of the OpenAI API.");

const message = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: z.json().optional().describe("A text, or parts as in the OpenAI API."),
  name: z.string().optional(),
  tool_call_id: z.string().optional().describe("Of a message with the role TOOL: what it answers."),
  tool_calls: z.json().optional().describe("As in the OpenAI API."),
});

const sampling = {
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  max_tokens: z.number().int().min(1).max(2_147_483_647).optional(),
  stop: z.array(z.string()).optional(),
  seed: z.number().optional(),
};

export const chatInput = z.strictObject({
  model,
  messages: z.array(message),
  ...sampling,
  tools: z.json().optional().describe("As in the OpenAI API."),
  tool_choice: z.json().optional().describe("As in the OpenAI API."),
  response_format: z.json().optional().describe("As in the OpenAI API."),
  more,
});

export const completionInput = z.strictObject({ model, prompt: z.string(), ...sampling, more });

export const embeddingInput = z.strictObject({
  model,
  input: z.array(z.string()).describe("Texts."),
  more,
});

const tokens = z.number().nullable();
const usage = z
  .object({
    input_tokens: tokens,
    output_tokens: tokens,
    cache_read_tokens: tokens,
    cache_write_tokens: tokens,
    reasoning_tokens: tokens,
  })
  .nullable()
  .describe("Null where it was not reported.");
const finishReason = z.enum(finishReasons).nullable();

/** What is known of a call beside what the model says. */
const callFacts = {
  request_id: z.string().describe("By which the ledger, the log and `request` know the call."),
  integration: z.string().nullable().describe("Who answered."),
  model: z.string().nullable().describe("Its name there."),
  attempts: z.number(),
};

export const textReply = z.object({
  ...callFacts,
  content: z.string().nullable().describe("Of the first choice."),
  reasoning: z.string().nullable(),
  refusal: z.string().nullable(),
  tool_calls: z.unknown().describe("As in the OpenAI API."),
  finish_reason: finishReason,
  usage,
  reply: z.record(z.string(), z.unknown()).describe("The whole reply, as in the OpenAI API."),
});

export const embeddingReply = z.object({
  ...callFacts,
  embeddings: z.array(z.array(z.number())).describe("In the order of the texts."),
  usage,
});

export const chatEvent = z.object({
  request_id: z.string(),
  type: z.enum(["start", "delta", "finish", "usage", "warning", "end"]),
  choice: z.number().nullable().describe("Which of the choices, from 0."),
  content: z.string().nullable().describe("What the model says next."),
  reasoning: z.string().nullable(),
  refusal: z.string().nullable(),
  tool_calls: z.unknown().describe("Parts of tool calls, as they arrive."),
  finish_reason: finishReason,
  usage,
  warning: z.string().nullable(),
  integration: z.string().nullable().describe("In the event START: who answers."),
  model: z.string().nullable(),
});
