import { formatValue } from "./format-value.ts";
import type { TimeSpan } from "./panel-data.ts";
import { colors, escapeText } from "./svg.ts";

/** The inside of a panel in pixels, and where its plot lies in it. */
export interface Plane {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  x(timeMs: number): number;
  y(value: number): number;
  readonly ticks: readonly number[];
}

const usualLeft = 68;
const right = 12;
const top = 8;
/** Room for the times beneath a plot. */
export const bottom = 22;
const font = `font-family="Inter,sans-serif" font-size="12"`;

export interface Axis {
  /** The lowest and the highest value that are shown. */
  readonly range: readonly [number, number];
  readonly ticks: readonly number[];
  /** Room for what stands before the plot. */
  readonly left?: number;
}

export function createPlane(
  { width, height }: { readonly width: number; readonly height: number },
  span: TimeSpan,
  { range, ticks, left = usualLeft }: Axis,
): Plane {
  const [low, high] = range;
  return {
    left,
    width,
    height,
    ticks,
    x: (timeMs) => left + ((timeMs - span.fromMs) / (span.toMs - span.fromMs)) * (width - left - right),
    y: (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom),
  };
}

/** What the axis is told of its ends. */
export interface AxisBounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** It begins there at the latest. */
  readonly softMin: number | undefined;
}

/** The range of some values with its ticks, as Grafana's axes choose them. */
export function chooseRange(
  values: readonly number[],
  { min, max, softMin }: AxisBounds,
  isBinary: boolean,
): { readonly range: readonly [number, number]; readonly ticks: readonly number[] } {
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const softLow = softMin === undefined ? Math.min(0, lowest) : Math.min(softMin, lowest);
  let low = min ?? softLow;
  let high = max ?? highest;
  if (high <= low) high = low === 0 ? 1 : low + Math.abs(low);
  const step = niceStep((high - low) / 5, isBinary);
  if (max === undefined) high = Math.ceil((high * 1.02) / step) * step;
  if (min === undefined) low = Math.floor(low / step) * step;
  const count = Math.floor((high - low) / step + 1e-9);
  return { range: [low, high], ticks: Array.from({ length: count + 1 }, (_tick, at) => low + at * step) };
}

function niceStep(wanted: number, isBinary: boolean): number {
  const base = isBinary ? 2 : 10;
  const power = base ** Math.floor(Math.log(wanted) / Math.log(base));
  const factors = isBinary ? [1, 2] : [1, 2, 2.5, 5, 10];
  return power * (factors.find((factor) => power * factor >= wanted) ?? base);
}

/** Lines and labels behind a plot. */
export function drawAxes(plane: Plane, span: TimeSpan, unit: string): string {
  const edge = plane.width - right;
  const rows = labelsOf(plane.ticks, unit).map(
    (label, at) =>
      `<line x1="${plane.left}" x2="${edge}" y1="${yOf(plane, at)}" y2="${yOf(plane, at)}" stroke="${colors.grid}"/>` +
      `<text x="${plane.left - 8}" y="${yOf(plane, at) + 4}" text-anchor="end" fill="${colors.faint}" ${font}>${escapeText(label)}</text>`,
  );
  return rows.join("") + drawTimes(plane, span);
}

function yOf({ y, ticks }: Plane, at: number): number {
  return Math.round(y(ticks[at] ?? 0)) + 0.5;
}

/** As many decimals as tell the ticks apart. */
function labelsOf(ticks: readonly number[], unit: string): readonly string[] {
  for (let decimals = 0; decimals < 8; decimals++) {
    const labels = ticks.map((tick) => formatValue(tick, unit, decimals));
    const isExact = new Set(labels).size === labels.length && !isRounded(ticks, unit, decimals);
    if (isExact) return labels;
  }
  return ticks.map((tick) => formatValue(tick, unit));
}

function isRounded(ticks: readonly number[], unit: string, decimals: number): boolean {
  return ticks.some(
    (tick) =>
      Number.parseFloat(formatValue(tick, unit, decimals)) !==
      Number.parseFloat(formatValue(tick, unit, decimals + 2)),
  );
}

function drawTimes({ x, height, width }: Plane, { fromMs, toMs }: TimeSpan): string {
  const steps = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600].map((seconds) => seconds * 1_000);
  const stepMs = steps.find((step) => (toMs - fromMs) / step <= width / 90) ?? 3_600_000;
  const labels: string[] = [];
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= toMs; atMs += stepMs) {
    const text = new Date(atMs).toISOString().slice(11, stepMs < 60_000 ? 19 : 16);
    const at = Math.round(x(atMs)) + 0.5;
    labels.push(
      `<line x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}" stroke="${colors.grid}"/>` +
        `<text x="${at}" y="${height - 5}" text-anchor="middle" fill="${colors.faint}" ${font}>${text}</text>`,
    );
  }
  return labels.join("");
}
