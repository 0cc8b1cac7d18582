import { type ErrorCode, PlatformError } from "@llm-platform/kit";
import type { DialectHeaderLines, DialectHeaders, SurfaceDialect } from "../surface-dialect.ts";

/** Anthropic's wire: JSON, and named server-sent events for streams. */
export const anthropicDialect: SurfaceDialect = {
  dialect: "anthropic",
  resource: "/v1",
  streamContentType: "text/event-stream; charset=utf-8",
  requestIdHeader: "request-id",
  readHeaders,
  formatError: (error, requestId) => JSON.stringify(toAnthropicError(error, requestId)),
  formatErrorFrame: (error, requestId) =>
    `event: error\ndata: ${JSON.stringify(toAnthropicError(error, requestId))}\n\n`,
  heartbeat: Buffer.from('event: ping\ndata: {"type": "ping"}\n\n'),
};

/** Versions that differ in what a request may say, and not in replies and events. The one before them had other streams. */
const servedVersions = ["2023-06-01", "2026-10-21"];
/** Names of betas are short words: more than this is none. */
const betaPattern = /^[\w\-:., ]{1,4096}$/;

/** What the body is written for: a server of the dialect has to be told the same. */
function readHeaders(headers: DialectHeaders): DialectHeaderLines {
  const version = headers["anthropic-version"];
  if (typeof version !== "string" || !servedVersions.includes(version)) {
    const what = version === undefined ? "The header is missing" : "This version is not served";
    throw refuse(
      "anthropic-version",
      `${what}. Send \`anthropic-version: ${servedVersions.join("` or `")}\`.`,
    );
  }
  const beta = headers["anthropic-beta"];
  if (beta === undefined) return [["anthropic-version", version]];
  const names = typeof beta === "string" ? beta : beta.join(",");
  if (!betaPattern.test(names))
    throw refuse("anthropic-beta", "`anthropic-beta` must be names of betas, with commas between.");
  return [
    ["anthropic-version", version],
    ["anthropic-beta", names],
  ];
}

function refuse(field: string, message: string): PlatformError {
  return new PlatformError("invalid_request", message, { field });
}

/** Anthropic's `error.type` of every code: the words that its SDKs and their users branch on. */
const errorTypes = {
  invalid_request: "invalid_request_error",
  unsupported_parameter: "invalid_request_error",
  context_length_exceeded: "invalid_request_error",
  payload_too_large: "request_too_large",
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
  budget_exceeded: "billing_error",
  overloaded: "overloaded_error",
  shutting_down: "overloaded_error",
  unavailable: "overloaded_error",
  audit_unavailable: "api_error",
  sealed: "api_error",
  insufficient_storage: "api_error",
  client_cancelled: "api_error",
  upstream_auth: "api_error",
  upstream_error: "api_error",
  upstream_incomplete: "api_error",
  upstream_malformed: "api_error",
  upstream_timeout: "timeout_error",
  config_invalid: "invalid_request_error",
  internal: "api_error",
} as const satisfies Record<ErrorCode, string>;

/** Anthropic's error envelope, with our code and the field at fault beside its two keys. */
export function toAnthropicError(error: PlatformError, requestId: string): object {
  return {
    type: "error",
    error: {
      type: errorTypes[error.code],
      message: messageOf(error),
      code: error.code,
      ...(error.field === undefined ? {} : { param: error.field }),
    },
    request_id: requestId,
  };
}

/** Clients that make a long conversation shorter by themselves look for these words. */
function messageOf({ code, message }: PlatformError): string {
  return code === "context_length_exceeded" ? `prompt is too long: ${message}` : message;
}
