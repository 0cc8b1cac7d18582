import type { JsonObject } from "@llm-platform/kit";
import { metricNames } from "../names.ts";
import type { Dashboard, DashboardRow, Panel, PanelKind, PanelUnit } from "./dashboard.ts";

/** Whoever opens a dashboard chooses the Prometheus that it reads. */
const dataSource = { type: "prometheus", uid: "${DS_PROMETHEUS}" } as const;
/** Of the classic form that Grafana 10 to 13 read. */
const schemaVersion = 39;
const panelHeights: Readonly<Record<PanelKind, number>> = {
  number: 4,
  lines: 8,
  stack: 8,
  bars: 8,
  heatmap: 8,
  table: 8,
};
const rowWidth = 24;

/** A dashboard as Grafana's JSON. The same dashboard is always the same text. */
export function toDashboardJson(dashboard: Dashboard): JsonObject {
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.about,
    tags: ["llm-platform"],
    schemaVersion,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    templating: { list: [dataSourceVariable, choice("provider"), choice("model")] },
    annotations: { list: [] },
    links: [
      {
        type: "dashboards",
        title: "LLM Platform",
        tags: ["llm-platform"],
        asDropdown: true,
        includeVars: true,
      },
    ],
    panels: layOut(dashboard.rows),
  };
}

const dataSourceVariable = {
  name: "DS_PROMETHEUS",
  label: "Prometheus",
  type: "datasource",
  query: "prometheus",
  hide: 0,
  refresh: 1,
  regex: "",
  multi: false,
  includeAll: false,
} as const;

function choice(label: "provider" | "model"): JsonObject {
  return {
    name: label,
    label,
    type: "query",
    datasource: dataSource,
    query: { query: `label_values(${metricNames.requests.name}, ${label})`, refId: label },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
  };
}

/** Rows below one another, panels from left to right. */
function layOut(rows: readonly DashboardRow[]): JsonObject[] {
  const placed: JsonObject[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({
      id: placed.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: rowWidth, h: 1 },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      if (x + panel.width > rowWidth) {
        x = 0;
        y += height;
        height = 0;
      }
      const h = panelHeights[panel.kind];
      placed.push(toPanelJson(panel, { id: placed.length + 1, gridPos: { x, y, w: panel.width, h } }));
      x += panel.width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return placed;
}

const panelTypes: Readonly<Record<PanelKind, string>> = {
  lines: "timeseries",
  stack: "timeseries",
  number: "stat",
  bars: "bargauge",
  heatmap: "heatmap",
  table: "table",
};

/** Names of Grafana's own for the units that it does not call as we do. */
const unitNames: Partial<Record<PanelUnit, string>> = { "tokens/s": "suffix:tok/s", cost: "short" };

function toPanelJson(panel: Panel, place: JsonObject): JsonObject {
  const { kind, thresholds } = panel;
  const isMoment = kind === "table" || kind === "bars" || kind === "number";
  return {
    ...place,
    type: panelTypes[kind],
    title: panel.title,
    description: panel.about,
    datasource: dataSource,
    targets: panel.queries.map(({ expression, legend, hasExemplars = false }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: dataSource,
      editorMode: "code",
      expr: expression,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      exemplar: hasExemplars,
      instant: isMoment,
      range: !isMoment,
      format: kind === "heatmap" ? "heatmap" : kind === "table" ? "table" : "time_series",
    })),
    fieldConfig: {
      defaults: {
        unit: unitNames[panel.unit] ?? panel.unit,
        ...(panel.unit === "percentunit" ? { min: 0, max: 1 } : {}),
        ...(panel.unit === "cost" ? { decimals: 4 } : {}),
        custom: customOf(kind, thresholds !== undefined),
        thresholds: { mode: "absolute", steps: stepsOf(thresholds) },
      },
      overrides: [],
    },
    options: optionsOf(kind),
  };
}

function customOf(kind: PanelKind, hasThresholds: boolean): JsonObject {
  if (kind !== "lines" && kind !== "stack") return {};
  return {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: kind === "stack" ? 30 : 5,
    stacking: { mode: kind === "stack" ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: hasThresholds ? "line" : "off" },
    spanNulls: false,
  };
}

function stepsOf(thresholds: Panel["thresholds"]): JsonObject[] {
  const fine = { color: "green", value: null };
  if (thresholds === undefined) return [fine];
  return [fine, { color: "yellow", value: thresholds.warning }, { color: "red", value: thresholds.critical }];
}

function optionsOf(kind: PanelKind): JsonObject {
  switch (kind) {
    case "lines":
    case "stack":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "number":
      return { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "value" };
    case "bars":
      return {
        displayMode: "gradient",
        orientation: "horizontal",
        reduceOptions: { calcs: ["lastNotNull"] },
      };
    case "heatmap":
      return { calculate: false, color: { mode: "scheme", scheme: "Oranges" }, yAxis: { unit: "s" } };
    case "table":
      return { showHeader: true };
    default:
      return kind satisfies never;
  }
}
