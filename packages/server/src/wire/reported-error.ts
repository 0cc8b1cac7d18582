import { PlatformError } from "@llm-platform/kit";
import { describeContextOverflow, readContextOverflow } from "./context-overflow.ts";
import { toRecord } from "./openai-usage.ts";

/** Of what an upstream said, as many bytes or characters are kept for the log. */
export const mostSaid = 4_096;

/**
 * The error that an upstream reports in a reply of status 200: `upstream_error`, but where the prompt does not fit, which
 * LM Studio, SGLang and llama.cpp tell a client of a stream in this way. Its text goes no further than the cause.
 *
 * @param value what stands under `error`
 * @param message what is told where nothing more is known
 */
export function toReportedError(value: unknown, message: string, isRetryable: boolean): PlatformError {
  const overflow = readContextOverflow(typeof value === "string" ? value : toRecord(value));
  const cause = new Error(String(JSON.stringify(value, shallow)).slice(0, mostSaid));
  if (overflow === undefined) return new PlatformError("upstream_error", message, { cause, isRetryable });
  const told = describeContextOverflow(overflow, undefined);
  return new PlatformError("context_length_exceeded", told, { cause, isRetryable: true });
}

/** Keeps the words of an error, which are what the log needs, and nothing that is nested in it. */
function shallow(key: string, value: unknown): unknown {
  return key === "" || typeof value !== "object" ? value : undefined;
}

/** The same of a JSON value that has been scanned and not read. */
export function readReportedError(text: string, message: string, isRetryable: boolean): PlatformError {
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // What the scan let pass and the parser does not is kept as it is.
  }
  return toReportedError(value, message, isRetryable);
}
