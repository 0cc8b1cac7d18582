import { isDeepStrictEqual } from "node:util";
import { type Json, type JsonObject, PlatformError } from "@llm-platform/kit";

/** What becomes of one field of a request in OpenAI's shape. */
export type FieldRule =
  /** Said in Ollama's words by the encoder. */
  | { readonly kind: "mapped" }
  /** Taken and left out: it cannot change the reply, or the platform itself acts on it. */
  | { readonly kind: "harmless" }
  /** Taken with the values that say what Ollama does anyway, refused with any other. */
  | { readonly kind: "only"; readonly values: readonly Json[] }
  /** Ollama cannot do it. `instead` tells the caller what to do. */
  | { readonly kind: "refused"; readonly instead?: string };

export type FieldRules = Readonly<Record<string, FieldRule>>;

const mapped: FieldRule = { kind: "mapped" };
const harmless: FieldRule = { kind: "harmless" };
const refused: FieldRule = { kind: "refused" };
const only = (...values: readonly Json[]): FieldRule => ({
  kind: "only",
  values,
});
const refusedFor = (instead: string): FieldRule => ({
  kind: "refused",
  instead,
});

/** Fields that chat and completion share. */
const generation = {
  model: mapped,
  stream: mapped,
  temperature: mapped,
  top_p: mapped,
  seed: mapped,
  stop: mapped,
  max_tokens: mapped,
  frequency_penalty: mapped,
  presence_penalty: mapped,
  stream_options: harmless,
  user: harmless,
  n: only(1),
  logit_bias: only({}),
} as const satisfies FieldRules;

export const chatFields: FieldRules = {
  ...generation,
  messages: mapped,
  max_completion_tokens: mapped,
  reasoning_effort: mapped,
  response_format: mapped,
  tools: mapped,
  tool_choice: mapped,
  logprobs: mapped,
  top_logprobs: mapped,
  metadata: harmless,
  safety_identifier: harmless,
  // These steer a cache of the provider, and a guess that only saves time: neither changes the reply.
  prompt_cache_key: harmless,
  prompt_cache_retention: harmless,
  prompt_cache_options: harmless,
  prediction: harmless,
  store: only(false),
  service_tier: only("auto", "default"),
  parallel_tool_calls: only(true),
  modalities: only(["text"]),
  verbosity: only("medium"),
  audio: refused,
  moderation: refused,
  web_search_options: refused,
  functions: refusedFor("Use `tools` in its place."),
  function_call: refusedFor("Use `tool_choice` in its place."),
};

export const completionFields: FieldRules = {
  ...generation,
  prompt: mapped,
  suffix: mapped,
  best_of: only(1),
  echo: only(false),
  logprobs: refusedFor("Ask for them by a chat."),
};

export const embeddingFields: FieldRules = {
  model: mapped,
  input: mapped,
  dimensions: mapped,
  // The surface writes the vectors in the encoding that was asked for.
  encoding_format: only("float", "base64"),
  user: harmless,
};

/**
 * Checks every field of `object` against its rule. A null stands for a field that is not there.
 * Throws PlatformError `unsupported_parameter` with `field` for the first that cannot be honoured.
 * @param path what stands before a field's name in `field`, e.g. `messages[0].`
 */
export function checkFields(object: JsonObject, rules: FieldRules, path = ""): void {
  for (const [name, value] of Object.entries(object)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unsupported(`${path}${name}`, "it is not known. Leave it out.");
    if (value === null || rule.kind === "mapped" || rule.kind === "harmless") continue;
    if (rule.kind === "refused") throw unsupported(`${path}${name}`, rule.instead ?? "Leave it out.");
    if (!rule.values.some((allowed) => isDeepStrictEqual(allowed, value))) {
      const list = rule.values.map((allowed) => JSON.stringify(allowed)).join(" or ");
      throw unsupported(`${path}${name}`, `Only ${list} is possible.`);
    }
  }
}

/** The error for a field that cannot be said to Ollama. */
export function unsupported(field: string, advice: string): PlatformError {
  const message = `The model runs on Ollama, where \`${field}\` is not supported as given: ${advice}`;
  return new PlatformError("unsupported_parameter", message, { field });
}

/** The error for a field whose value cannot be right anywhere. */
export function invalid(field: string, expected: string): PlatformError {
  return new PlatformError("invalid_request", `\`${field}\` must be ${expected}.`, { field });
}
