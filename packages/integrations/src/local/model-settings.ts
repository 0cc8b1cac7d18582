import { type JsonObject, PlatformError } from "@llm-platform/kit";
import * as z from "zod";
import { samplingFields } from "./engine/sampling.ts";

const mostTextCharacters = 16_384;
const mostAdapters = 8;
const mostMessages = 64;

/** A further name: as long as a file's may be, and never one that looks like a path of another integration. */
const alias = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.:-]{0,127}$/,
    "has letters, digits, '.', '_', ':' and '-', and begins with a letter or digit",
  );

const fieldsOfSampling = {
  temperature: samplingFields.temperature.removeDefault().optional(),
  top_p: samplingFields.top_p.removeDefault().optional(),
  top_k: samplingFields.top_k.removeDefault().optional(),
  min_p: samplingFields.min_p.removeDefault().optional(),
  repeat_penalty: samplingFields.repeat_penalty.removeDefault().optional(),
  frequency_penalty: samplingFields.frequency_penalty.removeDefault().optional(),
  presence_penalty: samplingFields.presence_penalty.removeDefault().optional(),
  seed: samplingFields.seed,
  stop: samplingFields.stop,
  max_tokens: z.int().min(1).optional(),
};

const schema = z.strictObject({
  context_tokens: z
    .int()
    .min(64)
    .max(1_048_576)
    .optional()
    .describe("Tokens of prompt and answer together, for each call; at most what the model was trained for."),
  gpu_layers: z
    .int()
    .min(0)
    .max(1_024)
    .optional()
    .describe(
      "Layers of the model that are kept on a GPU; without effect where the platform's own `gpu` is off.",
    ),
  threads: z.int().min(1).max(512).optional(),
  batch_tokens: z
    .int()
    .min(32)
    .max(16_384)
    .optional()
    .describe("Tokens of prompts that are evaluated in one step."),
  rope_frequency_base: z.number().min(1).max(1e9).optional(),
  rope_frequency_scale: z
    .number()
    .min(0.01)
    .max(1)
    .optional()
    .describe("Below 1 positions are pressed together, for longer contexts than the model was trained for."),
  adapters: z
    .array(
      z.strictObject({ path: z.string().min(1).max(4_096), scale: z.number().min(-10).max(10).default(1) }),
    )
    .max(mostAdapters)
    .optional()
    .describe(
      "LoRA adapters: each a path in a folder of the settings, or the name of one that was brought in.",
    ),
  system_prompt: z
    .string()
    .max(mostTextCharacters)
    .optional()
    .describe("Stands before chats that bring no system message of their own."),
  chat_template: z
    .string()
    .min(1)
    .max(mostTextCharacters)
    .optional()
    .describe("In Jinja, in place of the one that the model's file brings."),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(["system", "user", "assistant"]),
        content: z.string().max(mostTextCharacters),
      }),
    )
    .max(mostMessages)
    .optional()
    .describe("An example of how to talk, which every chat goes on from."),
  ...fieldsOfSampling,
  keep_alive_seconds: z
    .int()
    .min(-1)
    .max(31_536_000)
    .optional()
    .describe("Seconds that the model stays in memory after its last call; -1 means for ever."),
  pinned: z
    .boolean()
    .optional()
    .describe("Loaded at the start, and never put out: neither for being idle nor for another model."),
  aliases: z.array(alias).max(16).optional(),
  license: z.string().max(mostTextCharacters).optional(),
});

/** What was set for one model. What is absent is as the settings of the integration, the file or the call say. */
export type ModelSettingsInput = z.output<typeof schema>;

/** Every name that there is. */
export const modelSettingNames: readonly string[] = Object.keys(schema.shape);

/** JSON Schema of what somebody sets. */
export const modelSettingsJsonSchema: JsonObject = JSON.parse(
  JSON.stringify(z.toJSONSchema(schema, { io: "input" })),
);

/** What fills in what a call leaves open. */
export function samplingOf(settings: ModelSettingsInput): JsonObject {
  const names = Object.keys(fieldsOfSampling);
  const given: JsonObject = JSON.parse(JSON.stringify(settings));
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

/** Checks what somebody wants to set. Throws PlatformError `invalid_request` that names the field. */
export function parseModelSettings(value: JsonObject): ModelSettingsInput {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys") throw unknownName(issue.keys[0] ?? "");
  const path = (issue?.path ?? []).map(String);
  throw invalidSetting(path.join("."), issue?.message ?? "is not valid");
}

export function invalidSetting(name: string, message: string): PlatformError {
  return new PlatformError("invalid_request", `The setting '${name}' is not valid: ${message}.`, {
    field: `settings.${name}`,
  });
}

export function unknownName(name: string): PlatformError {
  const message = `There is no setting '${name}' of a model. There are: ${modelSettingNames.join(", ")}.`;
  return new PlatformError("invalid_request", message, { field: `settings.${name}` });
}
