import * as z from "zod";

/** What one engine is told when it starts. */
export const engineOptionsSchema = z.object({
  modelId: z.string(),
  modelPath: z.string(),
  socketPath: z.string(),
  /** Tokens of prompt and answer together, for each sequence. */
  contextTokens: z.int().min(8),
  /** Sequences that are generated at once. */
  parallel: z.int().min(1),
  threads: z.int().min(1),
  gpu: z.enum(["off", "auto"]),
  /** Whether text can be generated, or the model only embeds. */
  isGenerative: z.boolean(),
  /** Calls that may wait for a sequence. */
  queueLength: z.int().min(0),
});

export type EngineOptions = z.output<typeof engineOptionsSchema>;
