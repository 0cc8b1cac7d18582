import type { JsonObject } from "@llm-platform/kit";
import type { Panel } from "./dashboard.ts";

/** How a panel of its kind draws, as Grafana's JSON has it for each field. */
export function customOf({ kind, thresholds, axisFrom }: Panel): JsonObject {
  const begin = axisFrom === undefined ? {} : { axisSoftMin: axisFrom };
  switch (kind) {
    case "lines":
    case "stack":
      return {
        drawStyle: "line",
        lineWidth: 1,
        fillOpacity: kind === "stack" ? 30 : 5,
        stacking: { mode: kind === "stack" ? "normal" : "none", group: "A" },
        thresholdsStyle: { mode: thresholds === undefined ? "off" : "line" },
        spanNulls: false,
        ...begin,
      };
    case "events":
      return {
        drawStyle: "bars",
        lineWidth: 0,
        fillOpacity: 80,
        stacking: { mode: "normal", group: "A" },
        thresholdsStyle: { mode: "off" },
      };
    case "states":
      return { lineWidth: 0, fillOpacity: 75 };
    case "table":
      return { cellOptions: { type: "color-text" } };
    case "number":
    case "bars":
    case "heatmap":
      return {};
    default:
      return kind satisfies never;
  }
}

/** How a panel of its kind draws as a whole. */
export function optionsOf({ kind }: Panel): JsonObject {
  const legend = { displayMode: "list", placement: "bottom", showLegend: true };
  switch (kind) {
    case "lines":
    case "stack":
    case "events":
      return { legend, tooltip: { mode: "multi", sort: "desc" } };
    case "states":
      return { legend, mergeValues: true, showValue: "auto", rowHeight: 0.8 };
    case "number":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        colorMode: "value",
        graphMode: "none",
      };
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
