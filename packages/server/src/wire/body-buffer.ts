import { PerformanceObserver } from "node:perf_hooks";

/**
 * A buffer for a body that comes from outside, its bytes not set.
 *
 * V8 counts a buffer's memory apart from its heap: with semi-spaces of 32 MiB, hundreds of megabytes of ended bodies
 * gather before it would collect the young among them, and it collects the whole heap instead, again and again.
 * So the young are collected whenever this many bytes were given out since the last collection, if the process was
 * started with `--expose-gc`; without it V8 does as it always does.
 *
 * @param length in bytes
 */
export function bodyBuffer(length: number): Buffer<ArrayBuffer> {
  given.bytes += length;
  if (given.bytes >= bytesPerCollection) {
    given.bytes = 0;
    globalThis.gc?.({ type: "minor" });
  }
  return Buffer.allocUnsafe(length);
}

const given = { bytes: 0 };
const bytesPerCollection = 12 * 1024 * 1024;

// Small bodies come with so much else that V8 collects by itself: a second collection behind its own finds nothing.
new PerformanceObserver(() => {
  given.bytes = 0;
}).observe({ entryTypes: ["gc"] });
