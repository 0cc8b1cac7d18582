/** One reading of something that may grow. */
export interface Reading {
  readonly hours: number;
  readonly bytes: number;
}

/** How fast it grows, and how sure that is. */
export interface Slope {
  readonly bytesPerHour: number;
  /** One standard error of the fitted line: twice of it, and the truth is outside in one of twenty runs. */
  readonly errorPerHour: number;
}

/** Of the line with the least squares through readings; not a number of fewer than three. */
export function fitSlope(readings: readonly Reading[]): Slope {
  const count = readings.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count;
  const meanHours = mean(readings.map(({ hours }) => hours));
  const meanBytes = mean(readings.map(({ bytes }) => bytes));
  const sum = (of: (reading: Reading) => number) =>
    readings.reduce((total, reading) => total + of(reading), 0);
  const spread = sum(({ hours }) => (hours - meanHours) ** 2);
  const bytesPerHour = sum(({ hours, bytes }) => (hours - meanHours) * (bytes - meanBytes)) / spread;
  const missed = sum(({ hours, bytes }) => (bytes - meanBytes - bytesPerHour * (hours - meanHours)) ** 2);
  return { bytesPerHour, errorPerHour: count < 3 ? Number.NaN : Math.sqrt(missed / (count - 2) / spread) };
}
