import type { ErrorCode } from "@llm-platform/kit";

/** The layer that an error comes from, as `x-llmp-error-source` says it. */
export type ErrorSource = "gateway" | "provider" | "policy";

interface ErrorFacts {
  readonly status: number;
  readonly source: ErrorSource;
}

/** HTTP status and layer of every error code: the one table that all surfaces start from. */
const facts = {
  invalid_request: { status: 400, source: "gateway" },
  unsupported_parameter: { status: 400, source: "gateway" },
  context_length_exceeded: { status: 400, source: "provider" },
  payload_too_large: { status: 413, source: "gateway" },
  unsupported_media_type: { status: 415, source: "gateway" },
  request_timeout: { status: 408, source: "gateway" },
  unauthenticated: { status: 401, source: "policy" },
  forbidden: { status: 403, source: "policy" },
  misdirected_request: { status: 421, source: "policy" },
  not_found: { status: 404, source: "gateway" },
  model_not_found: { status: 404, source: "gateway" },
  method_not_allowed: { status: 405, source: "gateway" },
  conflict: { status: 409, source: "gateway" },
  rate_limited: { status: 429, source: "policy" },
  budget_exceeded: { status: 429, source: "policy" },
  overloaded: { status: 503, source: "gateway" },
  shutting_down: { status: 503, source: "gateway" },
  unavailable: { status: 503, source: "gateway" },
  audit_unavailable: { status: 503, source: "gateway" },
  sealed: { status: 503, source: "gateway" },
  insufficient_storage: { status: 507, source: "gateway" },
  client_cancelled: { status: 499, source: "gateway" },
  upstream_auth: { status: 502, source: "provider" },
  upstream_error: { status: 502, source: "provider" },
  upstream_incomplete: { status: 502, source: "provider" },
  upstream_malformed: { status: 502, source: "provider" },
  upstream_timeout: { status: 504, source: "provider" },
  config_invalid: { status: 422, source: "gateway" },
  internal: { status: 500, source: "gateway" },
} as const satisfies Record<ErrorCode, ErrorFacts>;

/** The HTTP status that an error code is answered with. */
export function statusOf(code: ErrorCode): number {
  return facts[code].status;
}

/** Which layer an error code blames. An upstream's own 429 is told by its `upstreamStatus`. */
export function sourceOf(error: {
  readonly code: ErrorCode;
  readonly upstreamStatus: number | undefined;
}): ErrorSource {
  return error.upstreamStatus === undefined ? facts[error.code].source : "provider";
}
