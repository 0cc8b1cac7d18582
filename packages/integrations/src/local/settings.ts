import { PlatformError, type SettingsSchema } from "@llm-platform/kit";
import * as z from "zod";

const settingsSchema = z.strictObject({
  model_directories: z
    .array(z.string().min(1))
    .default([])
    .describe("Folders whose GGUF files are offered as models."),
  import_directories: z
    .array(z.string().min(1))
    .default([])
    .describe("Further folders whose files may be looked at, converted and taken over."),
  storage_directory: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder that converted and imported models are written to and offered from, and whose models may be deleted over the API. Default: `models` in the data folder, where pulled models are as well.",
    ),
  context_tokens: z
    .int()
    .min(64)
    .max(1_048_576)
    .optional()
    .describe(
      "Tokens of prompt and answer together, for each call; at most what the model was trained for. Default: 4096, and 8192 for a model whose cache for all `parallel` calls is then no larger than its weights, or 1 GiB, and which takes no more than half of the memory for models.",
    ),
  parallel: z.int().min(1).max(64).default(4).describe("Calls that one model generates at once."),
  threads: z
    .int()
    .min(1)
    .max(512)
    .optional()
    .describe("Threads of each model. Default: the cores really available, and one for a model under 64 MB."),
  gpu: z.enum(["off", "auto"]).default("off").describe("Whether a GPU is used where one is found."),
  keep_alive_seconds: z
    .int()
    .min(-1)
    .default(300)
    .describe("Seconds that a model stays in memory after its last call; -1 means for ever."),
  max_loaded_models: z.int().min(1).max(64).default(3).describe("Models in memory at once."),
  max_instances: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      "How often one model may be in memory. A further instance is loaded when `parallel` calls wait for the model and there is room without putting another out; it goes five minutes after its last call at the latest.",
    ),
  max_loads_per_minute: z
    .int()
    .min(1)
    .max(600)
    .default(12)
    .describe(
      "Once so many models were loaded within a minute, none is put out for another. A minute divided by it is also the turn of a model that others wait for.",
    ),
  memory_limit_bytes: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Memory that all loaded models may take together. Default: 80 % of what is available at the start.",
    ),
  queue_length: z
    .int()
    .min(0)
    .max(100_000)
    .default(512)
    .describe("Calls that may wait; one more is refused."),
  queue_wait_seconds: z
    .number()
    .min(0.1)
    .max(3600)
    .default(30)
    .describe("Longest wait of a call for its turn."),
  load_timeout_seconds: z.number().min(1).max(7200).default(600).describe("Longest load of a model."),
  preload: z.array(z.string()).default([]).describe("Models that are loaded at the start."),
});

/** Settings of the integration `local`, in the words that users write. */
export type LocalSettings = z.output<typeof settingsSchema>;

/** Schema of the settings, checked by the host and drawn as a form. */
export const localSettings: SettingsSchema<LocalSettings> = {
  schema: settingsSchema,
  jsonSchema: toJsonObject(z.toJSONSchema(settingsSchema, { io: "input" })),
};

function toJsonObject(schema: unknown): SettingsSchema<unknown>["jsonSchema"] {
  const parsed: unknown = JSON.parse(JSON.stringify(schema));
  if (isJsonObject(parsed)) return parsed;
  throw new PlatformError("internal", "The schema of the settings is not an object.");
}

function isJsonObject(value: unknown): value is SettingsSchema<unknown>["jsonSchema"] {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
