import { type ErrorCode, isJsonObject, type Json, PlatformError, textAt } from "@llm-platform/kit";

interface ErrorKind {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What Anthropic's types of errors mean. Its text goes no further than the cause, which is for the log. */
const kinds: Readonly<Record<string, ErrorKind>> = {
  overloaded_error: { code: "overloaded", message: "Anthropic is overloaded. Try again in a moment." },
  rate_limit_error: { code: "rate_limited", message: "Anthropic's rate limit is reached." },
  authentication_error: { code: "upstream_auth", message: "Anthropic refused the platform's credential." },
  permission_error: { code: "upstream_auth", message: "Anthropic refused the platform's credential." },
  timeout_error: { code: "upstream_timeout", message: "Anthropic reported a time-out." },
};

/** The error for what stands under `error` in a reply that had begun well. */
export function toReplyError(error: Json | undefined): PlatformError {
  const type = isJsonObject(error) ? textAt(error, "type") : undefined;
  const kind = type !== undefined && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  const said = isJsonObject(error) ? (textAt(error, "message") ?? "") : "";
  return new PlatformError(kind?.code ?? "upstream_error", kind?.message ?? "Anthropic reported an error.", {
    cause: new Error(`${type ?? "unknown"}: ${said.slice(0, 1_000)}`),
    isRetryable: true,
  });
}
