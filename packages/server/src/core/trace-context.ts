/** What a W3C traceparent says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that the call belongs under. */
  readonly spanId: string;
  /** Whether whoever began the trace keeps it. */
  readonly isSampled: boolean;
}

/** @param traceparent well formed, as W3C Trace Context section 3.2 says */
export function parseTraceparent(traceparent: string): TraceParent {
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    isSampled: (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1,
  };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

const idRange = 0x1_0000_0000_0000;

/**
 * Whether a trace is among the kept part of all: the same for every server that asks of the same trace.
 * @param ratio from 0 to 1
 */
export function isWithinRatio(traceId: string, ratio: number): boolean {
  return ratio >= 1 || Number.parseInt(traceId.slice(20), 16) < ratio * idRange;
}
