import type { JsonObject } from "@llm-platform/kit";
import { metricNames } from "../names.ts";
import type { Dashboard, DashboardRow, PanelKind } from "./dashboard.ts";
import { dataSource, toPanelJson } from "./panel-json.ts";

/** Of the classic form that Grafana 10 to 13 read. */
const schemaVersion = 39;
const panelHeights: Readonly<Record<PanelKind, number>> = {
  number: 4,
  lines: 8,
  stack: 8,
  events: 8,
  states: 8,
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
    templating: { list: [dataSourceVariable, ...choicesOf(dashboard)] },
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

const choices: readonly JsonObject[] = [
  severalOf("provider"),
  severalOf("model"),
  // Money of two currencies cannot be added up: one is chosen, the first at first.
  { ...choice("currency", metricNames.cost.name), multi: false, includeAll: false },
];

/** Those that a query of the dashboard reads: another would change nothing. */
function choicesOf({ rows }: Dashboard): readonly JsonObject[] {
  const read = rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries));
  return choices.filter(({ name }) => read.some(({ expression }) => expression.includes(`$${String(name)}`)));
}

function severalOf(label: "provider" | "model"): JsonObject {
  const all = { allValue: ".*", current: { text: "All", value: "$__all" } };
  return { ...choice(label, metricNames.requests.name), multi: true, includeAll: true, ...all };
}

function choice(label: string, metric: string): JsonObject {
  return {
    name: label,
    label,
    type: "query",
    datasource: dataSource,
    query: { query: `label_values(${metric}, ${label})`, refId: label },
    refresh: 2,
    sort: 1,
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
