import { type ErrorCode, type PlatformError } from "@llm-platform/kit";
import { ChallengeError, plainChallenge } from "./challenge.ts";
import { sourceOf, statusOf } from "../core/error-status.ts";

/** OpenAI's `error.type` of every code: the words that official SDKs and their users branch on. */
const openAiTypes = {
  invalid_request: "invalid_request_error",
  unsupported_parameter: "invalid_request_error",
  context_length_exceeded: "invalid_request_error",
  payload_too_large: "invalid_request_error",
  unsupported_media_type: "invalid_request_error",
  request_timeout: "timeout_error",
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  misdirected_request: "permission_error",
  not_found: "not_found_error",
  model_not_found: "not_found_error",
  method_not_allowed: "invalid_request_error",
  conflict: "invalid_request_error",
  rate_limited: "rate_limit_error",
  budget_exceeded: "insufficient_quota",
  overloaded: "api_error",
  shutting_down: "server_shutting_down",
  unavailable: "api_error",
  audit_unavailable: "api_error",
  sealed: "api_error",
  insufficient_storage: "api_error",
  client_cancelled: "api_error",
  upstream_auth: "upstream_error",
  upstream_error: "upstream_error",
  upstream_incomplete: "upstream_error",
  upstream_malformed: "upstream_error",
  upstream_timeout: "timeout_error",
  config_invalid: "invalid_request_error",
  internal: "api_error",
} as const satisfies Record<ErrorCode, string>;

/** OpenAI's error envelope: all four keys are always there, and ours beside them. */
export function toOpenAiError(error: PlatformError, requestId: string): object {
  return {
    error: {
      message: error.message,
      type: openAiTypes[error.code],
      param: error.field ?? null,
      code: error.code,
      request_id: requestId,
    },
  };
}

/** Problem details for the management API (RFC 9457). */
export function toProblemDetails(error: PlatformError, requestId: string): object {
  return {
    type: `https://llm-platform.dev/errors/${error.code}`,
    title: error.code.replaceAll("_", " "),
    status: statusOf(error.code),
    detail: error.message,
    request_id: requestId,
    ...(error.field === undefined && error.problems.length === 0 ? {} : { errors: toPointers(error) }),
  };
}

/** SDKs wait up to a minute before they try again. */
const longestRetryMs = 60_000;

/** Headers that go with an error, whatever its envelope. */
export function errorHeaders(error: PlatformError, requestId: string): Record<string, string> {
  const retryAfterMs = error.retryAfterMs;
  const isSpent =
    error.code.startsWith("upstream_") ||
    error.upstreamStatus !== undefined ||
    (error.code === "budget_exceeded" && (retryAfterMs === undefined || retryAfterMs > longestRetryMs));
  return {
    "x-request-id": requestId,
    "x-llmp-error-source": sourceOf(error),
    // The platform has retried already what is worth retrying, and money comes with the next period: an SDK that
    // tries again by itself multiplies the load.
    ...(isSpent ? { "x-should-retry": "false" } : {}),
    ...(retryAfterMs === undefined
      ? {}
      : {
          "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))),
          "retry-after-ms": String(Math.ceil(retryAfterMs)),
        }),
    ...(error.code === "unauthenticated" ? { "www-authenticate": challengeOf(error) } : {}),
  };
}

function challengeOf(error: PlatformError): string {
  return error instanceof ChallengeError ? error.challenge : plainChallenge;
}

function toPointers(error: PlatformError): readonly object[] {
  const problems =
    error.problems.length > 0 ? error.problems : [{ field: error.field ?? "", message: error.message }];
  return problems.map(({ field, message }) => ({
    pointer: `/${field.replaceAll(".", "/")}`,
    detail: message,
  }));
}
