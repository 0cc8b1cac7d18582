import { type ErrorCode, type Json, PlatformError } from "@llm-platform/kit";

interface ErrorKind {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * What Ollama's error texts are about. The text itself goes no further than the cause, which is for the log:
 * it can hold paths, addresses and parts of the prompt.
 */
const kinds: readonly ErrorKind[] = [
  {
    pattern: /context (length|window|size)/i,
    code: "context_length_exceeded",
    message: "The prompt is longer than the model's context window.",
  },
  {
    pattern: /does not support|doesn't support|is not supported for this model/i,
    code: "invalid_request",
    message: "The model cannot do what the request asks for, such as tools, thinking, images or embeddings.",
  },
  {
    pattern: /not found|does not exist|no such (model|file)/i,
    code: "model_not_found",
    message: "Ollama does not have this model. Pull it first.",
  },
  {
    pattern: /server busy|maximum pending requests/i,
    code: "overloaded",
    message: "Ollama's queue is full. Try again in a moment.",
  },
  {
    pattern: /no space left|disk quota/i,
    code: "insufficient_storage",
    message: "There is no space left on Ollama's disk.",
  },
  {
    pattern: /more system memory|out of memory|unable to allocate|cudaMalloc/i,
    code: "unavailable",
    message: "Ollama has not enough memory for this model.",
  },
];

/** The error for the text that Ollama put under `error`. */
export function toReplyError(error: Json | undefined): PlatformError {
  const text = typeof error === "string" ? error.slice(0, 1_000) : "";
  const kind = kinds.find(({ pattern }) => pattern.test(text));
  return new PlatformError(kind?.code ?? "upstream_error", kind?.message ?? "Ollama reported an error.", {
    cause: new Error(text),
    // Another model may hold it.
    isRetryable: kind?.code === "context_length_exceeded",
  });
}
