import { errorValue } from "./openai-errors.ts";
import { encodeJson, type Profile } from "./profiles.ts";
import type { HeaderPairs } from "./reply.ts";

/** How a server family says that something is wrong. */
export type Voice = {
  readonly jsonHeaders: HeaderPairs;
  /** The body of an error with that status. */
  errorText(status: number, message: string): string;
  /** The body of the 400 to a prompt that is longer than the context. */
  overflowText(): string;
};

const typeOfStatus: { readonly [status: number]: string } = {
  400: "invalid_request_error",
  401: "invalid_request_error",
  403: "permission_error",
  404: "invalid_request_error",
  413: "invalid_request_error",
  429: "rate_limit_exceeded",
};

const promptTokens = 5000;
const contextTokens = 4096;

function overflowValue(profile: Profile): unknown {
  if (profile.name === "llama-cpp") {
    const message = `request (${promptTokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`;
    const type = "exceed_context_size_error";
    return { error: { code: 400, message, type, n_prompt_tokens: promptTokens, n_ctx: contextTokens } };
  }
  const message =
    `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ` +
    `${promptTokens} tokens. Please reduce the length of the messages.`;
  const type = "invalid_request_error";
  return errorValue(profile, {
    status: 400,
    message,
    type,
    param: "messages",
    code: "context_length_exceeded",
  });
}

export function openAiVoice(profile: Profile): Voice {
  return {
    jsonHeaders: profile.jsonHeaders,
    errorText: (status, message) => {
      const type = typeOfStatus[status] ?? "server_error";
      const code = status === 429 ? { code: "rate_limit_exceeded" } : {};
      return encodeJson(errorValue(profile, { status, message, type, ...code }), "compact");
    },
    overflowText: () => encodeJson(overflowValue(profile), "compact"),
  };
}

/** Headers of a JSON reply as Ollama's web framework writes them. */
export const ollamaJsonHeaders: HeaderPairs = [["Content-Type", "application/json; charset=utf-8"]];

export const ollamaVoice: Voice = {
  jsonHeaders: ollamaJsonHeaders,
  errorText: (_status, message) => JSON.stringify({ error: message }),
  overflowText: () => JSON.stringify({ error: "the input length exceeds the context length" }),
};

const anthropicTypes: { readonly [status: number]: string } = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** How Anthropic says that something is wrong, in the middle of a stream too. */
export const anthropicVoice: Voice = {
  jsonHeaders: [
    ["Content-Type", "application/json"],
    ["request-id", "req_fake"],
  ],
  errorText: (status, message) =>
    JSON.stringify({
      type: "error",
      error: { type: anthropicTypes[status] ?? "api_error", message },
      request_id: "req_fake",
    }),
  overflowText: () =>
    anthropicVoice.errorText(400, `prompt is too long: ${promptTokens} tokens > ${contextTokens} maximum`),
};
