import {
  type FieldRules,
  findRefusedField,
  harmless,
  type JsonObject,
  mapped,
  only,
  PlatformError,
  refused,
  refusedFor,
} from "@llm-platform/kit";

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
  const found = findRefusedField(object, rules, path);
  if (found !== undefined) throw unsupported(found.field, found.advice);
}

/** The error for a field that cannot be said to Ollama. */
export function unsupported(field: string, advice: string): PlatformError {
  const message = `The model runs on Ollama, where \`${field}\` is not supported as given: ${advice}`;
  return new PlatformError("unsupported_parameter", message, { field });
}
