import type { JsonObject } from "@llm-platform/kit";
import type { Panel, PanelKind, PanelQuery, PanelUnit } from "./dashboard.ts";
import { customOf, optionsOf } from "./panel-looks.ts";

/** Whoever opens a dashboard chooses the Prometheus that it reads. */
export const dataSource = { type: "prometheus", uid: "${DS_PROMETHEUS}" } as const;

const panelTypes: Readonly<Record<PanelKind, string>> = {
  lines: "timeseries",
  stack: "timeseries",
  events: "timeseries",
  states: "state-timeline",
  number: "stat",
  bars: "bargauge",
  heatmap: "heatmap",
  table: "table",
};

/** Names of Grafana's own for the units that it does not call as we do. */
const unitNames: Partial<Record<PanelUnit, string>> = { "tokens/s": "suffix:tok/s", cost: "short" };

/** Kinds that ask for the values of this moment alone. */
const momentKinds: ReadonlySet<PanelKind> = new Set(["table", "bars", "number"]);

/** A panel as Grafana's JSON. @param place its id, and where it lies on the grid */
export function toPanelJson(panel: Panel, place: JsonObject): JsonObject {
  return {
    ...place,
    type: panelTypes[panel.kind],
    title: panel.title,
    description: panel.about,
    datasource: dataSource,
    targets: panel.queries.map((query, index) => toTarget(query, { index, kind: panel.kind })),
    fieldConfig: { defaults: toDefaults(panel), overrides: toOverrides(panel) },
    options: optionsOf(panel),
    ...(panel.columns === undefined ? {} : { transformations: [toColumns(panel.columns)] }),
  };
}

function toTarget(
  { expression, legend, hasExemplars = false }: PanelQuery,
  { index, kind }: { readonly index: number; readonly kind: PanelKind },
): JsonObject {
  const isMoment = momentKinds.has(kind);
  return {
    refId: String.fromCharCode(65 + index),
    datasource: dataSource,
    editorMode: "code",
    expr: expression,
    ...(legend === undefined ? {} : { legendFormat: legend }),
    exemplar: hasExemplars,
    instant: isMoment,
    range: !isMoment,
    format: kind === "heatmap" || kind === "table" ? kind : "time_series",
  };
}

function toDefaults(panel: Panel): JsonObject {
  const { kind, unit, thresholds, words, whenEmpty } = panel;
  return {
    unit: unitNames[unit] ?? unit,
    ...(unit === "percentunit" && panel.axisFrom === undefined ? { min: 0 } : {}),
    ...(panel.isShare === true ? { max: 1 } : {}),
    ...(unit === "cost" ? { decimals: 4 } : {}),
    // A rise that Prometheus extrapolates is rarely a whole number; what it counts is.
    ...(unit === "short" && kind === "number" ? { decimals: 0 } : {}),
    ...(words === undefined ? {} : { mappings: [toMapping(words)] }),
    ...(whenEmpty === undefined ? {} : { noValue: whenEmpty }),
    custom: customOf(panel),
    thresholds: { mode: "absolute", steps: stepsOf(thresholds) },
  };
}

function toMapping(words: NonNullable<Panel["words"]>): JsonObject {
  const options = Object.entries(words).map(([value, { text, color }], index) => [
    value,
    { text, color, index },
  ]);
  return { type: "value", options: Object.fromEntries(options) };
}

function toOverrides({ colors = {} }: Panel): JsonObject[] {
  return Object.entries(colors).map(([name, fixedColor]) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor } }],
  }));
}

function stepsOf(thresholds: Panel["thresholds"]): JsonObject[] {
  if (thresholds === undefined) return [{ color: "green", value: null }];
  const { warning, critical } = thresholds;
  // The first step has no value: it holds below all others.
  if (critical < warning)
    return [
      { color: "red", value: null },
      { color: "yellow", value: critical },
      { color: "green", value: warning },
    ];
  return [
    { color: "green", value: null },
    { color: "yellow", value: warning },
    { color: "red", value: critical },
  ];
}

/** Puts columns in order under names of their own, and leaves the time of the question out. */
function toColumns(columns: NonNullable<Panel["columns"]>): JsonObject {
  const names = Object.keys(columns);
  return {
    id: "organize",
    options: {
      excludeByName: { Time: true, ...(names.includes("Value") ? {} : { Value: true }) },
      indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
      renameByName: columns,
    },
  };
}
