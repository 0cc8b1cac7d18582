import { PlatformError } from "@llm-platform/kit";
import { NdjsonReader, noteOllamaFacts } from "../../wire/ndjson-reader.ts";
import { ParsedReader } from "../../wire/parsed-reader.ts";
import type { ClientDialect } from "./client-dialect.ts";

/** Ollama's own API. Its calls go to servers of Ollama alone. */
export const ollamaClientDialect: ClientDialect = {
  dialect: "ollama",
  createPassingReader: ({ stream }) =>
    stream
      ? new NdjsonReader()
      : new ParsedReader((reply, facts) => noteOllamaFacts({ done: true, ...reply }, facts)),
  decodeRequest: refuse,
  createReplyEncoder: refuse,
};

function refuse(): never {
  throw new PlatformError(
    "unsupported_parameter",
    "The model cannot be called in the ollama dialect. Use the OpenAI API under /v1.",
    { field: "model" },
  );
}
