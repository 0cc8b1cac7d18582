import { isWithinRatio, parseTraceparent } from "../../core/trace-context.ts";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { TraceIds } from "./trace-ids.ts";
import type { TracingSettings } from "./tracing.ts";

/** Where in a trace something begins. */
export interface PlaceInTrace {
  readonly traceId: TraceId;
  /** Undefined where the trace begins here. */
  readonly parentSpanId: SpanId | undefined;
  /** Whether the trace is kept, as far as that is known at the beginning. */
  readonly isSampled: boolean;
}

/** @param traceparent of the caller, well formed; undefined: a trace begins */
export function placeInTrace(
  traceparent: string | undefined,
  ids: TraceIds,
  { ratio, isParentBased }: TracingSettings,
): PlaceInTrace {
  if (traceparent === undefined) {
    const traceId = ids.traceId();
    return { traceId, parentSpanId: undefined, isSampled: isWithinRatio(traceId, ratio) };
  }
  const { traceId, spanId, isSampled } = parseTraceparent(traceparent);
  const isKept = isParentBased ? isSampled : isWithinRatio(traceId, ratio);
  return { traceId, parentSpanId: spanId, isSampled: isKept };
}
