import { parseTraceparent } from "./trace-context.ts";

/**
 * Id of the trace that a call belongs to, where whoever began it keeps it; undefined where nobody may.
 * @param traceparent of W3C Trace Context, well formed
 */
export function sampledTraceId(traceparent: string | undefined): string | undefined {
  if (traceparent === undefined) return undefined;
  const { traceId, isSampled } = parseTraceparent(traceparent);
  return isSampled ? traceId : undefined;
}
