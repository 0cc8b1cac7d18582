import { NdjsonReader, noteOllamaFacts } from "../../../wire/ndjson-reader.ts";
import { ParsedReader } from "../../../wire/parsed-reader.ts";
import type { ClientDialect } from "../client-dialect.ts";
import { decodeEmbeddings, decodeGenerate, decodeOllamaRequest } from "./decode-request.ts";
import { createChatEncoder, createEmbeddingsEncoder, createGenerateEncoder } from "./reply-encoder.ts";

/** Ollama's `/api/chat` and `/api/embed`, and a raw prompt of `/api/generate`. */
export const ollamaClientDialect: ClientDialect = {
  dialect: "ollama",
  createPassingReader: ({ stream }) =>
    stream
      ? new NdjsonReader()
      : new ParsedReader((reply, facts) => noteOllamaFacts({ done: true, ...reply }, facts)),
  decodeRequest: decodeOllamaRequest,
  createReplyEncoder: createChatEncoder,
};

/** Ollama's `/api/generate` for models that are elsewhere: a chat in other words. No platform speaks it. */
export const ollamaGenerateDialect: ClientDialect = {
  ...ollamaClientDialect,
  dialect: "ollama-generate",
  decodeRequest: decodeGenerate,
  createReplyEncoder: createGenerateEncoder,
};

/** Ollama's older `/api/embeddings`. No platform speaks it. */
export const ollamaEmbeddingsDialect: ClientDialect = {
  ...ollamaClientDialect,
  dialect: "ollama-embeddings",
  decodeRequest: decodeEmbeddings,
  createReplyEncoder: createEmbeddingsEncoder,
};
