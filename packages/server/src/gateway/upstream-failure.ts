import {
  type ErrorCode,
  type ErrorDetails,
  PlatformError,
  type Reply,
  type ReplyHeaders,
} from "@llm-platform/kit";
import {
  type ContextOverflow,
  describeContextOverflow,
  readContextOverflow,
} from "../wire/context-overflow.ts";
import { toRecord } from "../wire/openai-usage.ts";
import { mostSaid } from "../wire/reported-error.ts";

/** An upstream's answer with an error status. */
export interface FailedReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** As much of the body as was kept. */
  readonly body: Buffer;
  readonly nowEpochMs: number;
  /** Whether its messages are for callers. */
  readonly isPlain: boolean;
}

/** Of a message for callers, as much goes on. */
const longestSentence = 1_000;
/** Only short plain words of an upstream reach a caller: codes and field names, never its sentences. */
const plainWord = /^[A-Za-z0-9_.[\]-]{1,64}$/;

/**
 * Says in our own words what an upstream's error status means.
 * The upstream's text may hold keys, paths or prompts; it goes into `cause`, for the log only.
 */
export function toUpstreamError(reply: FailedReply): PlatformError {
  const { code: upstreamCode, field, message, overflow } = readEnvelope(reply.body);
  const details: ErrorDetails = {
    upstreamStatus: reply.status,
    cause: new Error(reply.body.toString("utf8", 0, mostSaid)),
    ...(field === undefined ? {} : { field }),
  };
  const said = upstreamCode === undefined ? "" : ` (${upstreamCode})`;
  const fail = (code: ErrorCode, message: string, more: ErrorDetails = {}) =>
    new PlatformError(code, message, { ...details, ...more });

  switch (reply.status) {
    case 401:
    case 403:
      return fail(
        "upstream_auth",
        "The upstream refused the platform's credential. An operator has to renew it.",
        { isRetryable: true },
      );
    case 404:
      return fail("model_not_found", `The upstream does not know this model or endpoint${said}.`);
    case 413:
      return fail("payload_too_large", `The upstream refused the request as too large${said}.`);
    case 408:
    case 504:
      return fail("upstream_timeout", "The upstream reported a time-out.", { isRetryable: true });
    case 429:
      return fail("rate_limited", `The upstream's rate limit is reached${said}.`, {
        isRetryable: true,
        ...retryAfter(reply.headers, reply.nowEpochMs),
      });
    default:
  }
  // Some servers have 500 for it.
  if (overflow !== undefined && reply.status >= 400 && reply.status <= 500) {
    return fail("context_length_exceeded", describeContextOverflow(overflow, field), { isRetryable: true });
  }
  if (reply.status >= 400 && reply.status < 500) {
    if (reply.isPlain && message !== undefined) return fail(toRequestCode(upstreamCode), message);
    const refused =
      field === undefined
        ? `The upstream refused the request as invalid${said}. Check the fields of the request.`
        : `The upstream refused '${field}' as invalid${said}. Correct it, or leave it out.`;
    return fail(toRequestCode(upstreamCode), refused);
  }
  return fail("upstream_error", `The upstream failed with status ${reply.status}.`, {
    isRetryable: true,
    ...retryAfter(reply.headers, reply.nowEpochMs),
  });
}

/** Refuses a 2xx whose head already shows that it is not what was asked for. */
export function judgeHead(reply: Reply, isStream: boolean): PlatformError | undefined {
  const encoding = reply.headers.get("content-encoding");
  if (encoding !== undefined && encoding !== "identity") {
    return new PlatformError(
      "upstream_malformed",
      "The upstream compressed its reply though it was not asked to.",
      { isRetryable: true },
    );
  }
  const type = reply.headers.get("content-type") ?? "";
  if (type === (isStream ? "text/event-stream" : "application/json")) return undefined;
  const isWrong = /text\/html/i.test(type) || (isStream && reply.dialect !== "ollama" && /json/i.test(type));
  if (!isWrong) return undefined;
  return new PlatformError(
    "upstream_malformed",
    "The upstream answered in another form than the one asked for.",
    { isRetryable: true },
  );
}

/** A reply that ended too soon. */
export function incomplete(): PlatformError {
  return new PlatformError("upstream_incomplete", "The upstream ended its reply before it was complete.", {
    isRetryable: true,
  });
}

/** @param message what did not come in time */
export function timedOut(message: string): PlatformError {
  return new PlatformError("upstream_timeout", message, { isRetryable: true });
}

interface Envelope {
  readonly code?: string | undefined;
  readonly field?: string | undefined;
  readonly message?: string | undefined;
  readonly overflow?: ContextOverflow | undefined;
}

function readEnvelope(body: Buffer): Envelope {
  let envelope: Readonly<Record<string, unknown>> | undefined;
  try {
    envelope = toRecord(JSON.parse(body.toString("utf8")));
  } catch {
    // An error page in another form has no code to read.
    return {};
  }
  const said = envelope?.["error"];
  const error = toRecord(said) ?? envelope;
  return {
    code: toPlainWord(error?.["code"]) ?? toPlainWord(error?.["type"]),
    field: toPlainWord(error?.["param"]),
    message: toSentence(error?.["message"]),
    overflow: readContextOverflow(typeof said === "string" ? said : error),
  };
}

function toRequestCode(upstreamCode: string | undefined): ErrorCode {
  return upstreamCode === "unsupported_parameter" ? upstreamCode : "invalid_request";
}

function toSentence(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, longestSentence) : undefined;
}

function toPlainWord(value: unknown): string | undefined {
  return typeof value === "string" && plainWord.test(value) && !/^(sk|hf|key)[-_]/i.test(value)
    ? value
    : undefined;
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110 section 10.2.3). */
function retryAfter(headers: ReplyHeaders, nowEpochMs: number): { readonly retryAfterMs?: number } {
  const milliseconds = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return { retryAfterMs: milliseconds };
  const text = headers.get("retry-after");
  if (text === undefined) return {};
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {};
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? {} : { retryAfterMs: Math.max(0, dateMs - nowEpochMs) };
}
