import * as z from "zod";
import { harmlessFields, samplingFields, streamFields } from "./sampling.ts";

const tokens = z.array(z.int().min(0)).min(1);

/** A completion request in OpenAI's shape, as far as the engine honours it. Unknown fields are refused. */
export const completionRequestSchema = z.strictObject({
  ...harmlessFields,
  ...samplingFields,
  ...streamFields,
  prompt: z
    .union([z.string(), z.array(z.string()).min(1).max(64), tokens, z.array(tokens).min(1).max(64)])
    .default(""),
  max_tokens: z.int().min(0).default(16),
  echo: z.boolean().default(false),
  logprobs: z.int().min(0).max(5).optional(),
  best_of: z.int().min(1).optional(),
  suffix: z.literal("", "the local engine cannot fill in the middle").optional(),
});

export type CompletionRequest = z.output<typeof completionRequestSchema>;
