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
};

export type PromSample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type PrometheusOptions = {
  /** For its files; exists already. */
  readonly folder: string;
  /** `host:port` of the platform. */
  readonly target: string;
  /** Contents of files of rules. */
  readonly rules: readonly string[];
  /** `host:port`; absent: alerts go nowhere. */
  readonly alertmanager?: string;
};

const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

/** Starts one that scrapes and evaluates four times a second. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  if (prometheusProgram === undefined) throw new Error("prometheus is not installed");
  const { folder, target, rules, alertmanager } = options;
  const port = await findFreePort();
  const files = rules.map((_, index) => join(folder, `rules-${index}.yaml`));
  await Promise.all(files.map((file, index) => writeFile(file, rules[index] ?? "")));
  const config = join(folder, "prometheus.yml");
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: "250ms", scrape_timeout: "250ms", evaluation_interval: "250ms" },
      rule_files: files,
      scrape_configs: [{ job_name: "llm-platform", static_configs: [{ targets: [target] }] }],
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
  return {
    ...child,
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${expression}: ${text}`);
      return answer
        .parse(JSON.parse(text))
        .data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
  };
}
