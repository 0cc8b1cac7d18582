import type { PlatformError } from "@llm-platform/kit";
import { errorHeaders } from "../error-envelope.ts";
import type { Any } from "./generated/google/protobuf/any.ts";
import { BadRequest, ErrorInfo, RetryInfo } from "./generated/google/rpc/error_details.ts";
import { Status } from "./generated/google/rpc/status.ts";
import type { HeaderValues } from "./method.ts";
import { grpcStatusOf } from "./status.ts";

/** Whose reasons stand in ErrorInfo. */
const domain = "llm-platform";
const typePrefix = "type.googleapis.com/google.rpc.";
/** What trailers may take in all is bounded at clients, often at 8 KiB. */
const longestMessage = 2_048;
const mostProblems = 16;

/** An error as the trailers of a call: its status, and as google.rpc.Status what a program can go by. */
export function errorTrailers(error: PlatformError, requestId: string): HeaderValues {
  const code = grpcStatusOf(error.code);
  const message = error.message.slice(0, longestMessage).toWellFormed();
  const headers = errorHeaders(error, requestId);
  const status = Status.encode({ code, message, details: toDetails(error, requestId, headers) }).finish();
  return {
    ...headers,
    "grpc-status": String(code),
    "grpc-message": encodeURI(message),
    "grpc-status-details-bin": toBase64(status),
    ...pushback(headers),
  };
}

/** Binary metadata is base64 without padding. */
function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64").replace(/=+$/, "");
}

/** What clients with a policy of retries obey (gRFC A6): when to come back, or with a negative number not at all. */
function pushback(headers: Readonly<Record<string, string>>): HeaderValues {
  if (headers["x-should-retry"] === "false") return { "grpc-retry-pushback-ms": "-1" };
  const afterMs = headers["retry-after-ms"];
  return afterMs === undefined ? {} : { "grpc-retry-pushback-ms": afterMs };
}

function toDetails(
  error: PlatformError,
  requestId: string,
  headers: Readonly<Record<string, string>>,
): Any[] {
  const info: ErrorInfo = {
    reason: error.code,
    domain,
    metadata: { request_id: requestId, source: headers["x-llmp-error-source"] ?? "gateway" },
  };
  const details = [detail("ErrorInfo", ErrorInfo.encode(info).finish())];
  const { retryAfterMs } = error;
  if (retryAfterMs !== undefined) {
    const seconds = Math.floor(retryAfterMs / 1_000);
    const nanos = Math.round((retryAfterMs - seconds * 1_000) * 1_000_000);
    details.push(detail("RetryInfo", RetryInfo.encode({ retry_delay: { seconds, nanos } }).finish()));
  }
  const problems =
    error.problems.length > 0
      ? error.problems
      : error.field === undefined
        ? []
        : [{ field: error.field, message: error.message }];
  if (problems.length > 0) {
    const field_violations = problems
      .slice(0, mostProblems)
      .map(({ field, message }) => ({ field, description: message.slice(0, longestMessage).toWellFormed() }));
    details.push(detail("BadRequest", BadRequest.encode({ field_violations }).finish()));
  }
  return details;
}

function detail(type: string, value: Uint8Array): Any {
  return { type_url: typePrefix + type, value: Buffer.from(value) };
}
