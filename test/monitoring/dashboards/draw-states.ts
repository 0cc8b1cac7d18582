import { createPlane, drawAxes } from "./draw-axes.ts";
import { drawNothing, type Frame } from "./draw-graph.ts";
import type { PanelSeries } from "./panel-data.ts";
import type { PanelJson } from "./panel-json.ts";
import { colorOf, colors, escapeText } from "./svg.ts";

const legendHeight = 26;
const font = `font-family="Inter,sans-serif" font-size="12"`;

/** A strip over time for each series, in the colours and words of its values. */
export function drawStates(panel: PanelJson, series: readonly PanelSeries[], { span, size }: Frame): string {
  if (series.length === 0) return drawNothing(panel);
  const words = new Map(
    panel.fieldConfig.defaults.mappings?.flatMap(({ options }) => Object.entries(options)),
  );
  const inner = { width: size.width, height: size.height - legendHeight };
  const plane = createPlane(inner, span, { range: [0, series.length], ticks: [], left: 160 });
  const height = (plane.y(0) - plane.y(1)) * 0.8;
  const strips = series.flatMap(({ name, points }, row) => {
    const top = plane.y(series.length - row) + height * 0.125;
    const label = `<text x="${plane.left - 8}" y="${top + height / 2 + 4}" text-anchor="end" fill="${colors.faint}" ${font}>${escapeText(name)}</text>`;
    return [
      ...runsOf(points, span.stepSeconds * 1_000).map(({ fromMs, toMs, value }) => {
        const x = plane.x(Math.max(fromMs, span.fromMs));
        return `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${(plane.x(toMs) - x).toFixed(1)}" height="${height.toFixed(1)}" fill="${colorOf(words.get(String(value))?.color ?? "text")}" opacity="0.75"/>`;
      }),
      label,
    ];
  });
  const legend = [...words.values()].map(
    ({ text, color }) =>
      `<span><i style="background:${colorOf(color ?? "text")}"></i><span>${escapeText(text)}</span></span>`,
  );
  return `<svg width="${inner.width}" height="${inner.height}">${drawAxes(plane, span, "none")}${strips.join("")}</svg><div class="legend">${legend.join("")}</div>`;
}

interface Run {
  readonly fromMs: number;
  readonly toMs: number;
  readonly value: number;
}

/** Equal values that follow one another without a gap, as one. */
function runsOf(points: PanelSeries["points"], stepMs: number): readonly Run[] {
  const runs: Run[] = [];
  for (const [timeMs, value] of points) {
    const last = runs.at(-1);
    const isNext = last !== undefined && timeMs - last.toMs <= stepMs * 1.5;
    if (isNext && last.value === value) runs[runs.length - 1] = { ...last, toMs: timeMs };
    else runs.push({ fromMs: isNext ? last.toMs : timeMs - stepMs, toMs: timeMs, value });
  }
  return runs;
}
