import type { Span } from "../telemetry/tracing/span.ts";

const sendAfterMs = 200;
const mostSpans = 256;

/** Gathers spans for the first process, which has the way to the collector: a message for each would cost more than the span. */
export function createSpanRelay(send: (spans: readonly Span[]) => void): (spans: readonly Span[]) => void {
  let gathered: Span[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const spans = gathered;
    gathered = [];
    if (spans.length > 0) send(spans);
  }

  return (spans) => {
    gathered.push(...spans);
    if (gathered.length >= mostSpans) flush();
    else timer ??= setTimeout(flush, sendAfterMs).unref();
  };
}
