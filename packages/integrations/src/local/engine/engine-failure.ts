import { type ErrorCode, PlatformError } from "@llm-platform/kit";

interface Wire {
  readonly status: number;
  readonly type: string;
}

/** Statuses of the codes that the engine itself raises; every other code is a fault of the engine: 500. */
const wireOfCode: Partial<Record<ErrorCode, Wire>> = {
  invalid_request: { status: 400, type: "invalid_request_error" },
  unsupported_parameter: { status: 400, type: "invalid_request_error" },
  context_length_exceeded: { status: 400, type: "invalid_request_error" },
  payload_too_large: { status: 413, type: "invalid_request_error" },
  not_found: { status: 404, type: "not_found_error" },
  method_not_allowed: { status: 405, type: "invalid_request_error" },
  overloaded: { status: 503, type: "api_error" },
};

/** An error in OpenAI's envelope. */
export interface ErrorEnvelope {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** Status and envelope of anything thrown. Text of unexpected errors stays inside. */
export function toEnvelope(error: unknown): { readonly status: number; readonly body: ErrorEnvelope } {
  if (!(error instanceof PlatformError)) {
    const message = "The engine failed while it answered. Try again.";
    return { status: 500, body: { error: { message, type: "api_error", param: null, code: "internal" } } };
  }
  const wire = wireOfCode[error.code] ?? { status: 500, type: "api_error" };
  const { message, code, field } = error;
  return { status: wire.status, body: { error: { message, type: wire.type, param: field ?? null, code } } };
}

/** A value that the engine cannot take. */
export function invalid(field: string, message: string): PlatformError {
  return new PlatformError("invalid_request", message, { field });
}

/** A field, or a value of one, that is part of the API but that this engine cannot honour. */
export function unsupported(field: string, message: string): PlatformError {
  return new PlatformError("unsupported_parameter", message, { field });
}

/** A prompt that leaves no room for an answer. `promptTokens` may be a lower bound. */
export function contextOverflow(field: string, promptTokens: number, contextTokens: number): PlatformError {
  const message = `The model's maximum context length is ${contextTokens} tokens with the answer, and the prompt has at least ${promptTokens}. Shorten '${field}'.`;
  return new PlatformError("context_length_exceeded", message, { field });
}
