import { z } from "zod";

const gridPos = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const target = z.object({
  expr: z.string(),
  legendFormat: z.string().optional(),
  exemplar: z.boolean(),
  instant: z.boolean(),
  format: z.enum(["time_series", "heatmap", "table"]),
});
const step = z.object({ color: z.string(), value: z.number().nullable() });
const mapping = z.object({
  type: z.literal("value"),
  options: z.record(z.string(), z.object({ text: z.string(), color: z.string().optional() })),
});
const override = z.object({
  matcher: z.object({ id: z.literal("byName"), options: z.string() }),
  properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
});
const transformation = z.object({
  id: z.literal("organize"),
  options: z.object({
    excludeByName: z.record(z.string(), z.boolean()),
    indexByName: z.record(z.string(), z.number()),
    renameByName: z.record(z.string(), z.string()),
  }),
});

const panel = z.object({
  type: z.enum(["timeseries", "state-timeline", "stat", "bargauge", "heatmap", "table"]),
  title: z.string(),
  description: z.string(),
  gridPos,
  targets: z.array(target).min(1),
  fieldConfig: z.object({
    defaults: z.object({
      unit: z.string(),
      min: z.number().optional(),
      max: z.number().optional(),
      decimals: z.number().optional(),
      mappings: z.array(mapping).optional(),
      noValue: z.string().optional(),
      custom: z.object({
        drawStyle: z.enum(["line", "bars"]).optional(),
        axisSoftMin: z.number().optional(),
        fillOpacity: z.number().optional(),
        stacking: z.object({ mode: z.enum(["normal", "none"]) }).optional(),
        thresholdsStyle: z.object({ mode: z.enum(["line", "off"]) }).optional(),
      }),
      thresholds: z.object({ steps: z.array(step).min(1) }),
    }),
    overrides: z.array(override),
  }),
  transformations: z.array(transformation).optional(),
});
const row = z.object({ type: z.literal("row"), title: z.string(), gridPos });

const variable = z.object({
  name: z.string(),
  label: z.string(),
  type: z.string(),
  multi: z.boolean(),
  includeAll: z.boolean(),
  allValue: z.string().optional(),
  query: z.union([z.string(), z.object({ query: z.string() })]),
});
const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  templating: z.object({ list: z.array(variable) }),
  panels: z.array(z.discriminatedUnion("type", [row, panel])),
});

/** The parts of Grafana's JSON of a dashboard that its pictures depend on. */
export type DashboardJson = z.output<typeof dashboard>;
export type PanelJson = z.output<typeof panel>;
export type TargetJson = z.output<typeof target>;

/** Throws where the JSON has a form that is not drawn. */
export function readDashboard(json: unknown): DashboardJson {
  return dashboard.parse(json);
}

/** The panels of a dashboard without its rows. */
export function panelsOf({ panels }: DashboardJson): readonly PanelJson[] {
  return panels.filter((each) => each.type !== "row");
}
