import { parseSpanId, parseTraceId, type SpanId, type TraceId } from "./trace-id.ts";

/** What a W3C traceparent says. */
export interface TraceParent {
  readonly traceId: TraceId;
  /** The span that the call belongs under. */
  readonly spanId: SpanId;
  /** Whether whoever began the trace keeps it. */
  readonly isSampled: boolean;
}

/** @param traceparent well formed, as W3C Trace Context section 3.2 says */
export function parseTraceparent(traceparent: string): TraceParent {
  return {
    traceId: parseTraceId(traceparent.slice(3, 35)),
    spanId: parseSpanId(traceparent.slice(36, 52)),
    isSampled: hasSampledFlag(traceparent),
  };
}

/** Whether whoever began the trace keeps it. @param traceparent well formed */
export function hasSampledFlag(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}

const wordRange = 0x1_0000_0000;
const idRange = 0x1_0000_0000_0000;

/**
 * Whether a trace is among the kept part of all: the same for every server that asks of the same trace.
 * @param ratio from 0 to 1
 */
export function isWithinRatio({ word2, word3 }: TraceId, ratio: number): boolean {
  return ratio >= 1 || (word2 & 0xffff) * wordRange + (word3 >>> 0) < ratio * idRange;
}
