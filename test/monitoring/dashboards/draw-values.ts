import { drawNothing } from "./draw-graph.ts";
import { formatValue } from "./format-value.ts";
import type { PanelSeries } from "./panel-data.ts";
import type { PanelJson } from "./panel-json.ts";
import { colorOf, colors, escapeText } from "./svg.ts";

type Defaults = PanelJson["fieldConfig"]["defaults"];

/** The last value of each series, large; its name as well where there are several. */
export function drawStat(panel: PanelJson, series: readonly PanelSeries[]): string {
  const { defaults } = panel.fieldConfig;
  const values = lastValues(series);
  if (values.length === 0) return drawNothing(panel);
  const tiles = values.map(
    ({ name, value }) =>
      `<div class="tile">${values.length > 1 ? `<span>${escapeText(name)}</span>` : ""}<b style="color:${thresholdColor(value, defaults)}">${escapeText(format(value, defaults))}</b></div>`,
  );
  return `<div class="tiles">${tiles.join("")}</div>`;
}

/** A bar for each series. */
export function drawBars(panel: PanelJson, series: readonly PanelSeries[]): string {
  const { defaults } = panel.fieldConfig;
  const values = lastValues(series);
  if (values.length === 0) return drawNothing(panel);
  const low = defaults.min ?? Math.min(0, ...values.map(({ value }) => value));
  const high = defaults.max ?? Math.max(...values.map(({ value }) => value));
  const bars = values.map(({ name, value }) => {
    const part = Math.min(1, Math.max(0, (value - low) / (high - low)));
    const color = thresholdColor(value, defaults);
    const fill = `width:${(part * 100).toFixed(1)}%;background:linear-gradient(90deg,${colorOf("green")},${color})`;
    return `<div class="bar"><span>${escapeText(name)}</span><div><i style="${fill}"></i></div><b style="color:${color}">${escapeText(format(value, defaults))}</b></div>`;
  });
  return `<div class="bars">${bars.join("")}</div>`;
}

/** A row for each series, with its labels and its value as columns, arranged as the panel says. */
export function drawTable(panel: PanelJson, series: readonly PanelSeries[]): string {
  if (series.length === 0) return drawNothing(panel);
  const { excludeByName, indexByName, renameByName } = panel.transformations?.[0]?.options ?? {
    excludeByName: {},
    indexByName: {},
    renameByName: {},
  };
  const labels = [...new Set(series.flatMap((each) => Object.keys(each.labels)))].toSorted();
  const columns = ["Time", ...labels, "Value"]
    .filter((column) => excludeByName[column] !== true)
    .map((column, at) => ({ column, place: indexByName[column] ?? 100 + at }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ column }) => column);
  const head = columns.map((column) => `<th>${escapeText(renameByName[column] ?? column)}</th>`).join("");
  const rows = series.map(({ labels: own, points }) => {
    const [timeMs = 0, value = Number.NaN] = points.at(-1) ?? [];
    const cells = columns.map((column) => {
      if (column === "Time")
        return `<td>${new Date(timeMs).toISOString().slice(0, 19).replace("T", " ")}</td>`;
      return column === "Value" ? drawCell(value, panel) : drawLabel(own[column] ?? "", panel);
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table><tr>${head}</tr>${rows.join("")}</table>`;
}

function drawLabel(text: string, { fieldConfig }: PanelJson): string {
  const mapped = fieldConfig.defaults.mappings?.flatMap(({ options }) => options[text] ?? [])[0];
  return `<td style="color:${colorOf(mapped?.color ?? "text")}">${escapeText(mapped?.text ?? text)}</td>`;
}

function drawCell(value: number, { fieldConfig }: PanelJson): string {
  const mapped = fieldConfig.defaults.mappings?.flatMap(({ options }) => options[String(value)] ?? [])[0];
  const text = mapped?.text ?? format(value, fieldConfig.defaults);
  return `<td style="color:${colorOf(mapped?.color ?? colors.text)}">${escapeText(text)}</td>`;
}

function lastValues(
  series: readonly PanelSeries[],
): readonly { readonly name: string; readonly value: number }[] {
  return series.flatMap(({ name, points }) => {
    const value = points.at(-1)?.[1];
    return value === undefined || Number.isNaN(value) ? [] : [{ name, value }];
  });
}

function format(value: number, { unit, decimals, mappings }: Defaults): string {
  return (
    mappings?.flatMap(({ options }) => options[String(value)]?.text ?? [])[0] ??
    formatValue(value, unit, decimals)
  );
}

function thresholdColor(value: number, { thresholds }: Defaults): string {
  const reached = thresholds.steps.filter((step) => step.value === null || value >= step.value);
  return colorOf(reached.at(-1)?.color ?? "text");
}
