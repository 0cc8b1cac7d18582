/** A traceparent that is not well formed starts a new trace; it is never a reason to refuse (W3C Trace Context section 3.2). */
export function toTraceparent(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" &&
    /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}
