import type { LlamaModel, Token } from "node-llama-cpp";
import { invalid } from "./engine-failure.ts";

/** A number from a request as a token of the model. Throws PlatformError `invalid_request` naming `field`. */
export function toToken(model: LlamaModel, id: number, field: string): Token {
  const size = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? Number.POSITIVE_INFINITY;
  // A number within the vocabulary is what the library brands as a token.
  if (Number.isInteger(id) && id >= 0 && id < size) return id as Token;
  throw invalid(field, `'${field}' holds ${id}, which is not a token of this model.`);
}
