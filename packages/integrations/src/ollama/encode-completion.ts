import { type EncodeInput, invalidField, isJsonArray, type Json, type JsonObject } from "@llm-platform/kit";
import { encodeDefaults, type RequestDefaults } from "./encode-options.ts";
import { checkFields, completionFields, unsupported } from "./field-rules.ts";

/** Writes a completion for `POST /api/generate`. Throws PlatformError with `field`. */
export function encodeCompletion(
  { request, model, stream }: EncodeInput,
  defaults: RequestDefaults,
): JsonObject {
  checkFields(request, completionFields);
  const suffix = request.suffix ?? undefined;
  if (suffix !== undefined && typeof suffix !== "string") throw invalidField("suffix", "a text");
  return {
    model,
    prompt: readPrompt(request.prompt),
    ...(suffix === undefined || suffix === "" ? {} : { suffix }),
    stream,
    ...encodeDefaults(request, defaults),
  };
}

function readPrompt(prompt: Json | undefined): string {
  const list = isJsonArray(prompt) ? prompt : [prompt];
  if (list.length > 1 || typeof list[0] === "number" || isJsonArray(list[0])) {
    throw unsupported("prompt", "Send one text; several prompts, or token numbers, are not possible.");
  }
  const [text] = list;
  // Ollama takes an empty prompt as a request to load the model, and answers nothing.
  if (typeof text !== "string" || text === "") throw invalidField("prompt", "a text that is not empty");
  return text;
}
