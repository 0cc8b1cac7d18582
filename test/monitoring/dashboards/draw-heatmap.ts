import { createPlane, drawAxes } from "./draw-axes.ts";
import { drawNothing, type Frame } from "./draw-graph.ts";
import { formatValue } from "./format-value.ts";
import type { PanelSeries } from "./panel-data.ts";
import type { PanelJson } from "./panel-json.ts";
import { colors, escapeText } from "./svg.ts";

/** From dark to light, as Grafana's scheme Oranges is on a dark page. */
const scheme = ["#7f2704", "#a63603", "#d94801", "#f16913", "#fd8d3c", "#fdae6b", "#fdd0a2", "#feedde"];

/** How many observations lie in each bucket over time: a row for each bound. */
export function drawHeatmap(panel: PanelJson, series: readonly PanelSeries[], { span, size }: Frame): string {
  const rows = series
    .map(({ labels, points }) => ({
      bound: Number(labels["le"] === "+Inf" ? Infinity : labels["le"]),
      points,
    }))
    .toSorted((one, other) => one.bound - other.bound);
  const counts = rows.map(({ points }, at) => {
    const below = new Map(rows[at - 1]?.points);
    return points.map(([timeMs, value]) => [timeMs, Math.max(0, value - (below.get(timeMs) ?? 0))] as const);
  });
  const most = Math.max(0, ...counts.flatMap((row) => row.map(([, count]) => count)));
  if (most === 0) return drawNothing(panel);
  const range = { range: [0, rows.length] as const, ticks: [] };
  const plane = createPlane(size, span, range);
  const width = plane.x(span.fromMs + span.stepSeconds * 1_000) - plane.x(span.fromMs);
  const height = plane.y(0) - plane.y(1);
  const cells = counts.flatMap((row, at) =>
    row
      .filter(([, count]) => count > 0)
      .map(
        ([timeMs, count]) =>
          `<rect x="${(plane.x(timeMs) - width).toFixed(1)}" y="${(plane.y(at + 1) + 0.5).toFixed(1)}" width="${Math.max(1, width - 0.5).toFixed(1)}" height="${(height - 1).toFixed(1)}" fill="${colorFor(count / most)}"/>`,
      ),
  );
  const labels = rows.map(({ bound }, at) => {
    const text = Number.isFinite(bound) ? formatValue(bound, panel.fieldConfig.defaults.unit) : "+Inf";
    return `<text x="60" y="${plane.y(at + 0.5) + 4}" text-anchor="end" fill="${colors.faint}" font-family="Inter,sans-serif" font-size="11">${escapeText(text)}</text>`;
  });
  return `<svg width="${size.width}" height="${size.height}">${drawAxes(plane, span, "none")}${cells.join("")}${labels.join("")}</svg>`;
}

function colorFor(share: number): string {
  return scheme[Math.min(scheme.length - 1, Math.floor(Math.sqrt(share) * scheme.length))] ?? colors.text;
}
