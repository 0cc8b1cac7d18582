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

/** What becomes of the fields of a chat in OpenAI's shape. */
export const chatFields: FieldRules = {
  model: mapped,
  messages: mapped,
  stream: mapped,
  max_tokens: mapped,
  max_completion_tokens: mapped,
  temperature: mapped,
  top_p: mapped,
  top_k: mapped,
  stop: mapped,
  tools: mapped,
  tool_choice: mapped,
  parallel_tool_calls: mapped,
  reasoning_effort: mapped,
  response_format: mapped,
  user: mapped,
  safety_identifier: mapped,
  stream_options: harmless,
  metadata: harmless,
  prompt_cache_key: harmless,
  prompt_cache_retention: harmless,
  prompt_cache_options: harmless,
  prediction: harmless,
  n: only(1),
  logit_bias: only({}),
  frequency_penalty: only(0),
  presence_penalty: only(0),
  logprobs: only(false),
  top_logprobs: only(0),
  store: only(false),
  service_tier: only("auto", "default"),
  modalities: only(["text"]),
  verbosity: only("medium"),
  seed: refusedFor("Anthropic's models give no repeatable replies. Leave it out."),
  audio: refused,
  moderation: refused,
  web_search_options: refused,
  functions: refusedFor("Use `tools` in its place."),
  function_call: refusedFor("Use `tool_choice` in its place."),
};

/**
 * Checks every field of `object` against its rule.
 * Throws PlatformError `unsupported_parameter` with `field` for the first that cannot be honoured.
 * @param path what stands before a field's name in `field`, e.g. `messages[0].`
 */
export function checkFields(object: JsonObject, rules: FieldRules, path = ""): void {
  const found = findRefusedField(object, rules, path);
  if (found !== undefined) throw unsupported(found.field, found.advice);
}

/** The error for a field that cannot be said to Anthropic. */
export function unsupported(field: string, advice: string): PlatformError {
  const message = `The model is one of Anthropic's, where \`${field}\` is not supported as given: ${advice}`;
  return new PlatformError("unsupported_parameter", message, { field });
}
