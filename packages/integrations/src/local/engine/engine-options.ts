import * as z from "zod";
import { requestDefaultsSchema } from "./request-defaults.ts";

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
  /** Layers on the GPU. Absent: as many as fit. */
  gpuLayers: z.int().min(0).optional(),
  /** Tokens of prompts that are evaluated in one step. Absent: as the library chooses. */
  batchTokens: z.int().min(1).optional(),
  /** Values in place of those of the file's head, such as those of its positions. */
  overrides: z.record(z.string(), z.union([z.number(), z.string()])),
  adapters: z.array(z.object({ path: z.string(), scale: z.number() })),
  /** In place of the one of the file. */
  chatTemplate: z.string().optional(),
  defaults: requestDefaultsSchema,
  /** Whether text can be generated, or the model only embeds. */
  isGenerative: z.boolean(),
  /** Calls that may wait for a sequence. */
  queueLength: z.int().min(0),
});

export type EngineOptions = z.output<typeof engineOptionsSchema>;
