import { randomFillSync } from "node:crypto";
import type { TraceParent } from "../../core/trace-context.ts";
import { SpanId, TraceId } from "../../core/trace-id.ts";

/** Makes ids of traces and spans, and what other servers are told of them. */
export interface TraceIds {
  traceId(): TraceId;
  spanId(): SpanId;
  /** As W3C Trace Context has it. */
  traceparent(parent: TraceParent): string;
}

/** Random words that are fetched at once, so that one call to the system's random source serves many ids. */
const batchWords = 1_024;

const digitCodes = Buffer.from("0123456789abcdef");
const emptyTraceparent = `00-${"0".repeat(32)}-${"0".repeat(16)}-00`;

export function createTraceIds(): TraceIds {
  const words = new Int32Array(batchWords);
  let at = batchWords;
  const text = Buffer.from(emptyTraceparent, "latin1");

  function next(): number {
    if (at === batchWords) {
      randomFillSync(words);
      at = 0;
    }
    return words[at++] ?? 0;
  }

  function writeWord(word: number, from: number): void {
    for (let index = 0; index < 8; index++)
      text[from + index] = digitCodes[(word >>> (28 - 4 * index)) & 0xf] ?? 0;
  }

  return {
    // All zeros would mean that there is no id.
    traceId: () => new TraceId(next() || 1, next(), next(), next()),
    spanId: () => new SpanId(next() || 1, next()),
    traceparent({ traceId, spanId, isSampled }) {
      writeWord(traceId.word0, 3);
      writeWord(traceId.word1, 11);
      writeWord(traceId.word2, 19);
      writeWord(traceId.word3, 27);
      writeWord(spanId.word0, 36);
      writeWord(spanId.word1, 44);
      text[54] = isSampled ? 0x31 : 0x30;
      return text.toString("latin1");
    },
  };
}
