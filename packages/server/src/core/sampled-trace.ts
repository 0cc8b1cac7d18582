import { hasSampledFlag } from "./trace-context.ts";

/**
 * Id of the trace that a call belongs to, where whoever began it keeps it; undefined where nobody may.
 * @param traceparent of W3C Trace Context, well formed
 */
export function sampledTraceId(traceparent: string | undefined): string | undefined {
  return traceparent !== undefined && hasSampledFlag(traceparent) ? traceparent.slice(3, 35) : undefined;
}
