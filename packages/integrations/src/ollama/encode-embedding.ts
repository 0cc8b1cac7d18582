import {
  countAt,
  type EncodeInput,
  invalidField,
  isJsonArray,
  type Json,
  type JsonObject,
} from "@llm-platform/kit";
import type { EncodeSettings } from "./encode-chat.ts";
import { encodeDefaults } from "./encode-options.ts";
import { checkFields, embeddingFields, unsupported } from "./field-rules.ts";
import { dimensionsVersion, isAtLeast } from "./server-version.ts";

/** Writes a request for embeddings for `POST /api/embed`. Throws PlatformError with `field`. */
export function encodeEmbedding({ request, model }: EncodeInput, settings: EncodeSettings): JsonObject {
  checkFields(request, embeddingFields);
  return {
    model,
    input: readInput(request.input),
    // OpenAI refuses an input that does not fit; an embedding of a part of it would be a quiet lie.
    truncate: false,
    ...encodeDimensions(request, settings.serverVersion),
    ...encodeDefaults({}, settings),
  };
}

function readInput(input: Json | undefined): string | readonly string[] {
  if (typeof input === "string" && input !== "") return input;
  if (!isJsonArray(input) || input.length === 0)
    throw invalidField("input", "a text that is not empty, or a list of such");
  return input.map((text, index) => {
    if (typeof text === "number" || isJsonArray(text)) {
      throw unsupported("input", "Send text; token numbers are not possible.");
    }
    if (typeof text !== "string" || text === "")
      throw invalidField(`input[${index}]`, "a text that is not empty");
    return text;
  });
}

/** A server that does not know the field reads past it, so it is refused unless the server is known to be new enough. */
function encodeDimensions(request: JsonObject, serverVersion: string | undefined): JsonObject {
  if ((request.dimensions ?? undefined) === undefined) return {};
  const dimensions = countAt(request, "dimensions");
  if (dimensions === undefined || dimensions === 0)
    throw invalidField("dimensions", "a whole number of at least 1");
  if (!isAtLeast(serverVersion, dimensionsVersion)) {
    throw unsupported("dimensions", `The server must be Ollama ${dimensionsVersion} or newer.`);
  }
  return { dimensions };
}
