import { isJsonArray, type Json, type JsonObject } from "@llm-platform/kit";
import { invalidField, unsupportedField } from "../parse-fields.ts";
import type { OllamaGeneration } from "./request-schema.ts";

/** Options that go by the same name, and mean the same, in OpenAI's API or in those of the servers that speak it. */
const sameName = new Set([
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "repeat_penalty",
  "presence_penalty",
  "frequency_penalty",
  "seed",
]);

/** How a model is loaded, which whoever runs it decides. Replies are the same. */
const ofLoading = new Set([
  "num_ctx",
  "num_batch",
  "num_gpu",
  "main_gpu",
  "low_vram",
  "use_mmap",
  "use_mlock",
  "num_thread",
  "numa",
  "num_keep",
  "f16_kv",
  "logits_all",
  "vocab_only",
]);

/** Options that can be named only with the value that changes nothing. */
const neutral: Readonly<Record<string, Json>> = {
  typical_p: 1,
  tfs_z: 1,
  mirostat: 0,
  mirostat_tau: 5,
  mirostat_eta: 0.1,
  penalize_newline: false,
  repeat_last_n: 64,
};

/** What `options` asks for, in OpenAI's words. Throws PlatformError naming the option. */
export function decodeOptions(options: JsonObject = {}): JsonObject {
  const decoded: Record<string, Json> = {};
  for (const [name, value] of Object.entries(options)) {
    const field = `options.${name}`;
    if (value === null || ofLoading.has(name)) continue;
    if (sameName.has(name)) decoded[name] = requireNumber(value, field);
    else if (name === "stop") decoded["stop"] = readStop(value);
    else if (name === "num_predict") {
      const limit = requireNumber(value, field);
      // What is below is Ollama's way to say that there is no limit.
      if (limit >= 1) decoded["max_tokens"] = Math.floor(limit);
    } else if (!Object.hasOwn(neutral, name)) throw unsupportedField(field, "Leave it out.");
    else if (neutral[name] !== value)
      throw unsupportedField(field, `Only ${JSON.stringify(neutral[name])} is possible.`);
  }
  return decoded;
}

function requireNumber(value: Json, field: string): number {
  if (typeof value === "number") return value;
  throw invalidField(field, "a number");
}

function readStop(value: Json): Json {
  if (typeof value === "string") return value;
  if (isJsonArray(value) && value.every((text) => typeof text === "string")) return value;
  throw invalidField("options.stop", "a text or a list of texts");
}

/** What both ways to have text made have in common, in OpenAI's words. Throws PlatformError naming the field. */
export function decodeGeneration(request: Partial<OllamaGeneration>): JsonObject {
  const { format, think, logprobs, top_logprobs: top } = request;
  return {
    ...decodeOptions(request.options),
    ...decodeFormat(format),
    ...(think === undefined ? {} : { reasoning_effort: toEffort(think) }),
    ...(logprobs === true ? { logprobs, ...(top === undefined ? {} : { top_logprobs: top }) } : {}),
  };
}

function decodeFormat(format: OllamaGeneration["format"]): JsonObject {
  if (format === undefined || format === "") return {};
  if (format === "json") return { response_format: { type: "json_object" } };
  return { response_format: { type: "json_schema", json_schema: { name: "reply", schema: format } } };
}

/** To think is a matter of degree there. */
function toEffort(think: NonNullable<OllamaGeneration["think"]>): string {
  if (typeof think === "string") return think;
  return think ? "medium" : "none";
}
