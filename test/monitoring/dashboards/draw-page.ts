import { drawGraph } from "./draw-graph.ts";
import { drawHeatmap } from "./draw-heatmap.ts";
import { drawStates } from "./draw-states.ts";
import { drawBars, drawStat, drawTable } from "./draw-values.ts";
import type { PanelData, Reading, TimeSpan } from "./panel-data.ts";
import type { DashboardJson, PanelJson } from "./panel-json.ts";
import { colors, escapeText } from "./svg.ts";

/** Grafana's grid, in pixels. */
const cellHeight = 30;
const gap = 8;
const columnWidth = 40;
const columns = 24;
const padding = 8;
const titleHeight = 32;

/** Width of a page in pixels. */
export const pageWidth = columns * (columnWidth + gap) - gap + 2 * 16;

const style = `
  *{box-sizing:border-box} body{margin:0;padding:16px;background:${colors.page};color:${colors.text};font:14px Inter,"DejaVu Sans",sans-serif;width:${pageWidth}px}
  header{display:flex;gap:16px;align-items:center;margin-bottom:12px} h1{font-size:18px;font-weight:500;margin:0;flex:1}
  header span{border:1px solid ${colors.border};padding:4px 10px;border-radius:2px;font-size:12px}
  main{position:relative} section{position:absolute;background:${colors.panel};border:1px solid ${colors.border};border-radius:2px;overflow:hidden;padding:0 ${padding}px}
  h2{font-size:14px;font-weight:500;margin:0;line-height:${titleHeight}px;white-space:nowrap} .row{position:absolute;font-weight:500;line-height:${cellHeight}px}
  .legend{display:flex;flex-wrap:wrap;gap:0 14px;font-size:12px;height:26px;overflow:hidden;padding-left:4px} .legend>span{display:flex;gap:6px;align-items:center;line-height:24px}
  .legend i{width:14px;height:4px;border-radius:2px} .no-data{display:grid;place-items:center;height:80%;color:${colors.faint}}
  .tiles{display:flex;height:calc(100% - ${titleHeight}px)} .tile{flex:1;display:flex;flex-direction:column;justify-content:center;align-items:center;font-size:13px} .tile b{font-size:34px;font-weight:500}
  .bars{display:flex;flex-direction:column;gap:8px;padding:4px} .bar{display:flex;gap:10px;align-items:center} .bar>span{width:110px;text-align:right;font-size:13px} .bar div{flex:1;background:#22252b;height:26px} .bar i{display:block;height:100%} .bar b{width:70px;font-weight:500}
  table{width:100%;border-collapse:collapse;font-size:13px} th{text-align:left;font-weight:500;color:#6e9fff} th,td{padding:6px 6px;border-bottom:1px solid ${colors.border};white-space:nowrap}`;

/** A dashboard as a page that shows it as Grafana would. */
export function drawPage(
  { title, templating, panels }: DashboardJson,
  dataOf: ReadonlyMap<PanelJson, PanelData>,
  { span, chosen }: Pick<Reading, "span" | "chosen">,
): string {
  const parts = panels.map((panel) =>
    panel.type === "row"
      ? `<div class="row" style="${placeOf(panel.gridPos)}">⌄ ${escapeText(panel.title)}</div>`
      : `<section style="${placeOf(panel.gridPos)}"><h2>${escapeText(panel.title)}</h2>${drawPanel(panel, dataOf.get(panel) ?? { series: [], exemplars: [] }, span)}</section>`,
  );
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const choices = templating.list.map(({ name, label, includeAll }) => {
    const value = includeAll ? "All" : (chosen[name]?.join(", ") ?? "Prometheus");
    return `<span>${escapeText(`${label}: ${value}`)}</span>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><header><h1>${escapeText(title)}</h1>${choices.join("")}</header><main style="height:${rows * (cellHeight + gap)}px">${parts.join("")}</main>`;
}

function drawPanel(panel: PanelJson, data: PanelData, span: TimeSpan): string {
  const { w, h } = panel.gridPos;
  const size = {
    width: w * (columnWidth + gap) - gap - 2 * padding - 2,
    height: h * (cellHeight + gap) - gap - titleHeight - 4,
  };
  const { series } = data;
  switch (panel.type) {
    case "timeseries":
      return drawGraph(panel, data, { span, size });
    case "state-timeline":
      return drawStates(panel, series, { span, size });
    case "heatmap":
      return drawHeatmap(panel, series, { span, size });
    case "stat":
      return drawStat(panel, series);
    case "bargauge":
      return drawBars(panel, series);
    case "table":
      return drawTable(panel, series);
    default:
      return panel.type satisfies never;
  }
}

function placeOf({ x, y, w, h }: PanelJson["gridPos"]): string {
  const across = columnWidth + gap;
  const down = cellHeight + gap;
  return `left:${x * across}px;top:${y * down}px;width:${w * across - gap}px;height:${h * down - gap}px`;
}
