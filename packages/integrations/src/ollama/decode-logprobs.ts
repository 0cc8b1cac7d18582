import { arrayAt, isJsonObject, type Json, type JsonObject } from "@llm-platform/kit";

/** Ollama's log probabilities of some tokens in OpenAI's shape; undefined when there are none. */
export function decodeLogprobs(logprobs: Json | undefined): JsonObject | undefined {
  if (!Array.isArray(logprobs) || logprobs.length === 0) return undefined;
  return {
    content: logprobs.filter(isJsonObject).map((entry) => ({
      ...decodeToken(entry),
      top_logprobs: arrayAt(entry, "top_logprobs").filter(isJsonObject).map(decodeToken),
    })),
    refusal: null,
  };
}

function decodeToken(entry: JsonObject): JsonObject {
  const token = typeof entry.token === "string" ? entry.token : "";
  return {
    token,
    logprob: typeof entry.logprob === "number" ? entry.logprob : null,
    bytes: Array.isArray(entry.bytes) ? entry.bytes : [...new TextEncoder().encode(token)],
  };
}
