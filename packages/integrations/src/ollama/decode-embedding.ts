import { isJsonArray, type Json, type JsonObject, type ModelEvent, PlatformError } from "@llm-platform/kit";

/** The vectors of an answer of `/api/embed`. Throws PlatformError `upstream_malformed`. */
export function decodeEmbeddings(answer: JsonObject): readonly ModelEvent[] {
  if (!isJsonArray(answer.embeddings)) throw malformed();
  return answer.embeddings.map((vector, index) => {
    if (!isVector(vector)) throw malformed();
    return { type: "embedding", index, vector };
  });
}

function isVector(value: Json): value is readonly number[] {
  return isJsonArray(value) && value.length > 0 && value.every((number) => typeof number === "number");
}

function malformed(): PlatformError {
  return new PlatformError("upstream_malformed", "Ollama sent embeddings that are not lists of numbers.");
}
