/**
 * Id of the trace that a call belongs to, where whoever began it keeps it; undefined where nobody may.
 * @param traceparent of W3C Trace Context, well formed
 */
export function sampledTraceId(traceparent: string | undefined): string | undefined {
  if (traceparent === undefined) return undefined;
  const flags = Number.parseInt(traceparent.slice(53, 55), 16);
  return (flags & 1) === 1 ? traceparent.slice(3, 35) : undefined;
}
