import type { ErrorCode } from "@llm-platform/kit";

/** The statuses of gRPC in the order of their numbers (github.com/grpc/grpc, doc/statuscodes.md). */
export const grpcStatusNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

type GrpcStatusName = (typeof grpcStatusNames)[number];

/** The status of every error code: `UNAVAILABLE` where the same call may succeed elsewhere or later. */
const statuses = {
  invalid_request: "INVALID_ARGUMENT",
  unsupported_parameter: "INVALID_ARGUMENT",
  context_length_exceeded: "INVALID_ARGUMENT",
  payload_too_large: "RESOURCE_EXHAUSTED",
  unsupported_media_type: "UNIMPLEMENTED",
  request_timeout: "DEADLINE_EXCEEDED",
  unauthenticated: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  misdirected_request: "PERMISSION_DENIED",
  not_found: "NOT_FOUND",
  model_not_found: "NOT_FOUND",
  method_not_allowed: "UNIMPLEMENTED",
  conflict: "FAILED_PRECONDITION",
  rate_limited: "RESOURCE_EXHAUSTED",
  budget_exceeded: "RESOURCE_EXHAUSTED",
  overloaded: "UNAVAILABLE",
  shutting_down: "UNAVAILABLE",
  unavailable: "UNAVAILABLE",
  audit_unavailable: "UNAVAILABLE",
  sealed: "UNAVAILABLE",
  insufficient_storage: "RESOURCE_EXHAUSTED",
  client_cancelled: "CANCELLED",
  upstream_auth: "UNAVAILABLE",
  upstream_error: "UNAVAILABLE",
  upstream_incomplete: "UNAVAILABLE",
  upstream_malformed: "UNAVAILABLE",
  upstream_timeout: "DEADLINE_EXCEEDED",
  config_invalid: "FAILED_PRECONDITION",
  internal: "INTERNAL",
} as const satisfies Record<ErrorCode, GrpcStatusName>;

/** The number of the status that an error code is told as. */
export function grpcStatusOf(code: ErrorCode): number {
  return grpcStatusNames.indexOf(statuses[code]);
}
