import { bottom, chooseRange, createPlane, drawAxes, type Plane } from "./draw-axes.ts";
import type { PanelData, PanelSeries, TimeSpan } from "./panel-data.ts";
import type { PromExemplar } from "../../services/prometheus.ts";
import type { PanelJson } from "./panel-json.ts";
import { colorOf, colors, escapeText, paletteColor } from "./svg.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Line {
  readonly name: string;
  readonly color: string;
  /** Value and the height that it stands on; a gap where there is none. */
  readonly points: readonly (readonly [timeMs: number, value: number, base: number] | undefined)[];
}

const legendHeight = 26;

/** The inside of a panel, and the time that it shows. */
export interface Frame {
  readonly size: Size;
  readonly span: TimeSpan;
}

/** Lines over time, stacked where the panel says so, with the legend beneath. */
export function drawGraph(panel: PanelJson, { series, exemplars }: PanelData, { span, size }: Frame): string {
  const { unit, min, max, custom, thresholds } = panel.fieldConfig.defaults;
  const lines = toLines(panel, series, span);
  const values = lines.flatMap(({ points }) =>
    points.flatMap((point) => (point === undefined ? [] : [point[1]])),
  );
  if (values.length === 0) return drawNothing(panel);
  const inner = { width: size.width, height: size.height - legendHeight };
  const plane = createPlane(
    inner,
    span,
    chooseRange(values, { min, max, softMin: custom.axisSoftMin }, unit === "bytes"),
  );
  const limits = custom.thresholdsStyle?.mode === "line" ? drawThresholds(plane, thresholds.steps) : "";
  const draw = custom.drawStyle === "bars" ? drawBars : drawLine;
  const drawn = lines.map((line) => draw(plane, line, custom.fillOpacity ?? 0)).join("");
  const svg = `<svg width="${inner.width}" height="${inner.height}">${drawAxes(plane, span, unit)}${limits}${drawn}${exemplars.map((each) => drawExemplar(plane, each)).join("")}</svg>`;
  return `${svg}<div class="legend">${lines.map(drawLegend).join("")}</div>`;
}

/** What stands in a panel that has nothing to show. */
export function drawNothing({ fieldConfig }: PanelJson): string {
  return `<div class="no-data">${escapeText(fieldConfig.defaults.noValue ?? "No data")}</div>`;
}

function toLines(panel: PanelJson, series: readonly PanelSeries[], span: TimeSpan): readonly Line[] {
  const isStacked = panel.fieldConfig.defaults.custom.stacking?.mode === "normal";
  const stepMs = span.stepSeconds * 1_000;
  const tops = new Map<number, number>();
  return series.map(({ name, points }, index) => ({
    name,
    color: overrideColor(panel, name) ?? paletteColor(index),
    points: points.flatMap(([timeMs, value], at) => {
      const before = points[at - 1]?.[0] ?? timeMs;
      const gap = timeMs - before > stepMs * 1.5 ? [undefined] : [];
      if (Number.isNaN(value)) return [undefined];
      const base = isStacked ? (tops.get(timeMs) ?? 0) : 0;
      if (isStacked) tops.set(timeMs, base + value);
      return [...gap, [timeMs, base + value, base] as const];
    }),
  }));
}

function overrideColor({ fieldConfig }: PanelJson, name: string): string | undefined {
  const found = fieldConfig.overrides.find(({ matcher }) => matcher.options === name);
  const value = found?.properties.find(({ id }) => id === "color")?.value;
  if (typeof value !== "object" || value === null || !("fixedColor" in value)) return undefined;
  return colorOf(String(value.fixedColor));
}

function drawLine({ x, y, height }: Plane, { color, points }: Line, fillOpacity: number): string {
  const runs: (readonly [number, number, number])[][] = [[]];
  for (const point of points)
    if (point === undefined) runs.push([]);
    else runs.at(-1)?.push(point);
  return runs
    .filter((run) => run.length > 0)
    .map((run) => {
      const tops = run.map(([timeMs, value]) => `${x(timeMs).toFixed(1)},${y(value).toFixed(1)}`);
      const [first = ""] = tops;
      if (tops.length === 1)
        return `<circle cx="${first.split(",")[0]}" cy="${first.split(",")[1]}" r="2" fill="${color}"/>`;
      const bases = run
        .map(([timeMs, , base]) => `${x(timeMs).toFixed(1)},${Math.min(y(base), height - bottom).toFixed(1)}`)
        .toReversed();
      return (
        `<polygon points="${[...tops, ...bases].join(" ")}" fill="${color}" opacity="${fillOpacity / 100}"/>` +
        `<polyline points="${tops.join(" ")}" fill="none" stroke="${color}" stroke-width="1.3"/>`
      );
    })
    .join("");
}

function drawBars({ x, y }: Plane, { color, points }: Line, fillOpacity: number): string {
  return points
    .flatMap((point) => (point === undefined || point[1] === point[2] ? [] : [point]))
    .map(([timeMs, value, base]) => {
      const height = y(base) - y(value);
      return `<rect x="${(x(timeMs) - 2).toFixed(1)}" y="${y(value).toFixed(1)}" width="4" height="${height.toFixed(1)}" fill="${color}" opacity="${fillOpacity / 100}"/>`;
    })
    .join("");
}

/** A diamond that leads to a trace, where it is in sight. */
function drawExemplar({ x, y, ticks }: Plane, { timeMs, value }: PromExemplar): string {
  if (value > (ticks.at(-1) ?? 0)) return "";
  const [left, top] = [x(timeMs).toFixed(1), y(value).toFixed(1)];
  return `<rect x="-3" y="-3" width="6" height="6" fill="#5794f2" transform="translate(${left} ${top}) rotate(45)"/>`;
}

/** Where they are in sight: thresholds do not widen the range. */
function drawThresholds(
  { y, ticks, width }: Plane,
  steps: PanelJson["fieldConfig"]["defaults"]["thresholds"]["steps"],
): string {
  const highest = ticks.at(-1) ?? 0;
  return steps
    .flatMap(({ value, color }) => (value === null || value > highest ? [] : [{ value, color }]))
    .map(
      ({ value, color }) =>
        `<line x1="68" x2="${width - 12}" y1="${y(value)}" y2="${y(value)}" stroke="${colorOf(color)}" opacity="0.8"/>`,
    )
    .join("");
}

function drawLegend({ name, color }: Line): string {
  return `<span><i style="background:${color}"></i><span style="color:${colors.text}">${escapeText(name)}</span></span>`;
}
