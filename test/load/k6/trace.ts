/** One call of a trace. */
export type TracedCall = {
  /** From the first call of the trace. */
  readonly atMs: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
};

/** Reads a trace of the Azure Public Dataset: times of arrival, tokens of the prompt, tokens of the answer. */
export function parseTrace(csv: string): readonly TracedCall[] {
  const calls = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  const firstMs = toMs(calls[0]?.[0]);
  return calls.map(([time, prompt, answer]) => ({
    atMs: toMs(time) - firstMs,
    promptTokens: Number(prompt),
    answerTokens: Number(answer),
  }));
}

/**
 * When the calls of a trace are due, in milliseconds from the start: so many of them, as fast as to keep the pace. Behind the
 * last call of the trace comes its first.
 */
export function toArrivals(
  trace: readonly TracedCall[],
  count: number,
  perSecond: number,
): readonly number[] {
  const usualMs = 1_000 / perSecond;
  const used = trace.slice(0, count);
  const scale = (usualMs * (used.length - 1)) / (used.at(-1)?.atMs ?? 1);
  return Array.from({ length: count }, (_, place) => {
    const ownPlace = place % used.length;
    return (place - ownPlace) * usualMs + (used[ownPlace]?.atMs ?? 0) * scale;
  });
}

/** Of a time in UTC. Dates have milliseconds, the trace has tenths of microseconds. */
function toMs(time = ""): number {
  return Date.parse(`${time.slice(0, "2023-11-16 18:15:46.680".length).replace(" ", "T")}Z`);
}
