/** What is known of one GPU at one time. What its driver does not tell is undefined. */
export interface GpuReading {
  /** Its number, as the driver counts. */
  readonly index: string;
  readonly name: string;
  readonly memoryTotalBytes: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  /** 0 to 1. */
  readonly utilization: number | undefined;
  readonly temperatureCelsius: number | undefined;
  readonly powerWatts: number | undefined;
}

/** A number of a driver's table; undefined for `[N/A]`, `[Not Supported]` and the like. */
export function readFigure(text: string | undefined, factor = 1): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value * factor : undefined;
}
