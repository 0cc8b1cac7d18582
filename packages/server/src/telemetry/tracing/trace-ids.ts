import { randomFillSync } from "node:crypto";

/** Makes ids of traces and spans. */
export interface TraceIds {
  /** 32 hexadecimal digits, not all of them 0. */
  traceId(): string;
  /** 16 hexadecimal digits, not all of them 0. */
  spanId(): string;
}

/** Random bytes that are fetched at once, so that one call to the system's random source serves many ids. */
const batchBytes = 4_096;

export function createTraceIds(): TraceIds {
  const bytes = Buffer.allocUnsafeSlow(batchBytes);
  let at = batchBytes;

  function next(length: number): string {
    if (at + length > batchBytes) {
      randomFillSync(bytes);
      at = 0;
    }
    // All zeros would mean that there is no id.
    if (bytes[at] === 0) bytes[at] = 1;
    at += length;
    return bytes.toString("hex", at - length, at);
  }

  return { traceId: () => next(16), spanId: () => next(8) };
}
