import type { PromExemplar, Prometheus, PromSeries } from "../../services/prometheus.ts";
import { type Choice, fillIn } from "./fill-in.ts";
import type { DashboardJson, PanelJson, TargetJson } from "./panel-json.ts";

/** The time that a dashboard shows. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepSeconds: number;
}

/** A line, or a value, of a panel. */
export interface PanelSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In order of time, which is in milliseconds; one point for what is asked of a moment. */
  readonly points: readonly (readonly [timeMs: number, value: number])[];
}

/** What a panel is read with. */
export interface Reading {
  readonly prometheus: Prometheus;
  readonly span: TimeSpan;
  readonly chosen: Choice;
}

/** What a panel has to show. */
export interface PanelData {
  readonly series: readonly PanelSeries[];
  readonly exemplars: readonly PromExemplar[];
}

/** What is chosen when a dashboard is opened: all where that can be, else the first value that there is. */
export async function firstChoice({ templating }: DashboardJson, prometheus: Prometheus): Promise<Choice> {
  const chosen = templating.list.map(async ({ name, includeAll, query }) => {
    if (includeAll || typeof query === "string") return [];
    const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? [];
    const found = await prometheus.query(`count by (${label}) (${metric})`);
    const first = found.map(({ labels }) => labels[label] ?? "").toSorted()[0];
    return first === undefined ? [] : [[name, [first]] as const];
  });
  return Object.fromEntries((await Promise.all(chosen)).flat());
}

/** Observations whose trace is known, for the queries that ask for them. */
export async function readExemplars(
  { targets }: PanelJson,
  { prometheus, span, chosen }: Reading,
): Promise<readonly PromExemplar[]> {
  const asked = targets.filter(({ exemplar }) => exemplar);
  const found = asked.map(({ expr }) => prometheus.queryExemplars(fillIn(expr, chosen), span));
  return (await Promise.all(found)).flat();
}

/** All that a panel shows. */
export async function readPanel(panel: PanelJson, reading: Reading): Promise<PanelData> {
  const [series, exemplars] = await Promise.all([readSeries(panel, reading), readExemplars(panel, reading)]);
  return { series, exemplars };
}

/** What the queries of a panel bring, in their order. */
async function readSeries(
  { targets }: PanelJson,
  { prometheus, span, chosen }: Reading,
): Promise<readonly PanelSeries[]> {
  const answers = await Promise.all(
    targets.map(async (target) => {
      const expression = fillIn(target.expr, chosen);
      const found = target.instant
        ? (await prometheus.query(expression)).map(({ labels, value }) => ({
            labels,
            points: [[span.toMs, value]] as const,
          }))
        : await prometheus.queryRange(expression, span);
      return found.map((series) => ({ ...series, name: nameOf(series, target) }));
    }),
  );
  return answers.flat();
}

function nameOf({ labels }: Pick<PromSeries, "labels">, { legendFormat }: TargetJson): string {
  if (legendFormat !== undefined)
    return legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => labels[label] ?? "");
  const { __name__: name = "", ...others } = labels;
  const pairs = Object.entries(others).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name || "Value" : `${name}{${pairs.join(", ")}}`;
}
