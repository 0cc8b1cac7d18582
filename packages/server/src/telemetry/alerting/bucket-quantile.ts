/**
 * The quantile of what fell into buckets, taken to be spread evenly in each, as Prometheus' `histogram_quantile` does.
 * NaN for nothing; the last bound for what lies above it.
 * @param bounds upper bounds, rising; `counts` has one more, for what is above the last
 */
export function bucketQuantile(
  quantile: number,
  bounds: readonly number[],
  counts: readonly number[],
): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return Number.NaN;
  const rank = quantile * total;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (below + count >= rank && count > 0) {
      const from = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return from + ((bound - from) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
