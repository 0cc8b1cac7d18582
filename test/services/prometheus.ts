import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findFreePort } from "../../bench/free-port.ts";
import { findService } from "../../tools/services.ts";
import { type ChildService, startChildService } from "./child-service.ts";

/** Where prometheus is; undefined on a machine without it. */
export const prometheusProgram = findService("prometheus");

/** A real Prometheus. */
export type Prometheus = ChildService & {
  /** What an expression says now: one value for each set of labels. Throws for one that cannot be read. */
  query(expression: string): Promise<readonly PromSample[]>;
  /** What it said over a time, a point for each step that has one. */
  queryRange(
    expression: string,
    span: TimeRange & { readonly stepSeconds: number },
  ): Promise<readonly PromSeries[]>;
  /** The exemplars of its series in a time. */
  queryExemplars(expression: string, span: TimeRange): Promise<readonly PromExemplar[]>;
};

/** In Unix milliseconds. */
export type TimeRange = { readonly fromMs: number; readonly toMs: number };

export type PromExemplar = {
  readonly timeMs: number;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
};

export type PromSample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type PromSeries = {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [timeMs: number, value: number])[];
};

export type PrometheusOptions = {
  /** For its files; exists already. */
  readonly folder: string;
  /** `host:port` of the platform. */
  readonly target: string;
  /** Contents of files of rules. */
  readonly rules: readonly string[];
  /** `host:port`; absent: alerts go nowhere. */
  readonly alertmanager?: string;
  /** A key of the platform; absent: it needs none. */
  readonly credentials?: string;
  /** Between two scrapes, and between two looks at the rules. Default 250. */
  readonly scrapeMs?: number;
};

const sample = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string());
const vector = z.object({
  data: z.object({ result: z.array(z.object({ metric: labels, value: sample })) }),
});
const matrix = z.object({
  data: z.object({ result: z.array(z.object({ metric: labels, values: z.array(sample) })) }),
});
const exemplars = z.object({
  data: z.array(
    z.object({ exemplars: z.array(z.object({ labels, value: z.string(), timestamp: z.number() })) }),
  ),
});

/** Starts one that scrapes and evaluates four times a second, unless it is told otherwise. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  if (prometheusProgram === undefined) throw new Error("prometheus is not installed");
  const { folder, target, rules, alertmanager, credentials, scrapeMs = 250 } = options;
  const interval = `${scrapeMs}ms`;
  const port = await findFreePort();
  const files = rules.map((_, index) => join(folder, `rules-${index}.yaml`));
  await Promise.all(files.map((file, index) => writeFile(file, rules[index] ?? "")));
  const config = join(folder, "prometheus.yml");
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
      rule_files: files,
      scrape_configs: [
        {
          job_name: "llm-platform",
          static_configs: [{ targets: [target] }],
          ...(credentials === undefined ? {} : { authorization: { credentials } }),
        },
      ],
      ...(alertmanager === undefined
        ? {}
        : { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const child = await startChildService(
    prometheusProgram,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      // How long Prometheus waits before it sends an alert that still fires once more.
      "--rules.alert.resend-delay=1s",
    ],
    { url, readyPath: "/-/ready" },
  );
  const ask = async (path: string, query: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${query["query"]}: ${text}`);
    return JSON.parse(text);
  };
  return {
    ...child,
    async query(expression) {
      return vector
        .parse(await ask("query", { query: expression }))
        .data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
    async queryExemplars(expression, { fromMs, toMs }) {
      const [start, end] = [String(fromMs / 1_000), String(toMs / 1_000)];
      const found = exemplars.parse(await ask("query_exemplars", { query: expression, start, end }));
      return found.data
        .flatMap((series) => series.exemplars)
        .map((each) => ({ timeMs: each.timestamp * 1_000, value: Number(each.value), labels: each.labels }));
    },
    async queryRange(expression, { fromMs, toMs, stepSeconds }) {
      const [start, end] = [String(fromMs / 1_000), String(toMs / 1_000)];
      const found = await ask("query_range", { query: expression, start, end, step: String(stepSeconds) });
      return matrix.parse(found).data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([time, value]) => [time * 1_000, Number(value)] as const),
      }));
    },
  };
}
