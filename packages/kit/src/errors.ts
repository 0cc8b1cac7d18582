/**
 * Every way in which something can fail between parts of the platform.
 *
 * The set is closed: a surface maps each code to its own wire once, in one table,
 * and no part may travel another kind of error across a folder boundary.
 */
export const errorCodes = [
  "invalid_request",
  "unsupported_parameter",
  "context_length_exceeded",
  "payload_too_large",
  "unsupported_media_type",
  "request_timeout",
  "unauthenticated",
  "forbidden",
  "misdirected_request",
  "not_found",
  "model_not_found",
  "method_not_allowed",
  "conflict",
  "rate_limited",
  "budget_exceeded",
  "overloaded",
  "shutting_down",
  "unavailable",
  "audit_unavailable",
  "sealed",
  "insufficient_storage",
  "client_cancelled",
  "upstream_auth",
  "upstream_error",
  "upstream_incomplete",
  "upstream_malformed",
  "upstream_timeout",
  "config_invalid",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What may be added to an error beside its code and message. */
export interface ErrorDetails {
  /** The field of the input at fault, in the caller's own spelling, e.g. `messages[0].role`. */
  readonly field?: string;
  /** After how many milliseconds the same call may succeed. Absent when unknown. */
  readonly retryAfterMs?: number;
  /** HTTP status that an upstream answered with, when one did. */
  readonly upstreamStatus?: number;
  /** Whether the platform itself may try the call again elsewhere. Default: false. */
  readonly isRetryable?: boolean;
  /** All problems found at once, where the input had more than one. */
  readonly problems?: readonly Problem[];
  /** The error underneath; for the log only, never shown to a caller. */
  readonly cause?: unknown;
}

/** One problem of an input, with the field it stands in. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

/**
 * The only error that travels between folders.
 *
 * `message` is safe to show to any caller: it says what happened, to what, and what to do next,
 * and holds no secret, path or upstream text.
 */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly upstreamStatus: number | undefined;
  readonly isRetryable: boolean;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PlatformError";
    this.code = code;
    this.field = details.field;
    this.retryAfterMs = details.retryAfterMs;
    this.upstreamStatus = details.upstreamStatus;
    this.isRetryable = details.isRetryable ?? false;
    this.problems = details.problems ?? [];
  }
}

/**
 * Turns anything thrown into a PlatformError.
 *
 * @param error what was thrown
 * @param message what to tell the caller when `error` was not a PlatformError already
 */
export function toPlatformError(error: unknown, message = "An unexpected error occurred."): PlatformError {
  if (error instanceof PlatformError) return error;
  return new PlatformError("internal", message, { cause: error });
}
