import type { FinishReason } from "@llm-platform/kit";

/** Ends in which the model said by itself that it was done. */
export const successes = [
  "stop",
  "length",
  "tool_calls",
  "content_filter",
] as const satisfies readonly FinishReason[];

/** Ends that something other than the model brought about. */
const failures = [
  "client_cancelled",
  "upstream_incomplete",
  "upstream_timeout",
  "upstream_malformed",
  "upstream_error",
  "gateway_shutdown",
] as const;

/** Every way in which an attempt can end while the server runs. Exactly one of them is its end. */
export const streamEnds = [...successes, ...failures] as const;
export type StreamEnd = (typeof streamEnds)[number];

/** An end as the ledger knows it: `interrupted` is written at start-up for what a killed server left open. */
export const recordedEnds = [...streamEnds, "interrupted"] as const;
export type RecordedEnd = (typeof recordedEnds)[number];

const recordedSet: ReadonlySet<string> = new Set(recordedEnds);

export function isRecordedEnd(text: unknown): text is RecordedEnd {
  return typeof text === "string" && recordedSet.has(text);
}

const successSet: ReadonlySet<string> = new Set(successes);

/** Whether the model said by itself that it was done. */
export function isSuccess(end: RecordedEnd): boolean {
  return successSet.has(end);
}
