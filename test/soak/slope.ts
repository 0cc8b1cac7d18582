/** A measure at a time. */
export type Point = { readonly hours: number; readonly value: number };

/** How something grows. */
export type Slope = {
  readonly perHour: number;
  /** Standard error of the slope: what chance alone makes of it, two times out of three. */
  readonly error: number;
};

/** The straight line through the points by least squares. NaN for fewer than three points. */
export function slopeOf(points: readonly Point[]): Slope {
  const count = points.length;
  if (count < 3) return { perHour: Number.NaN, error: Number.NaN };
  const meanHours = sumOf(points, ({ hours }) => hours) / count;
  const mean = sumOf(points, ({ value }) => value) / count;
  const spread = sumOf(points, ({ hours }) => (hours - meanHours) ** 2);
  const slope = sumOf(points, ({ hours, value }) => (hours - meanHours) * (value - mean)) / spread;
  const rest = sumOf(points, ({ hours, value }) => (value - mean - slope * (hours - meanHours)) ** 2);
  return { perHour: slope, error: Math.sqrt(rest / (count - 2) / spread) };
}

function sumOf(points: readonly Point[], value: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + value(point), 0);
}
