import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Manager } from "../manager/manager.ts";
import { dashboards } from "../telemetry/dashboards/all-dashboards.ts";
import { toDashboardJson } from "../telemetry/dashboards/dashboard-json.ts";
import { dashboardFolder } from "../telemetry/dashboards/provisioning.ts";
import {
  alertRuleFile,
  prometheusRuleManifest,
  recordingRuleFile,
  type RuleFileOptions,
} from "../telemetry/rules/rule-file.ts";
import { formatScrapeConfig } from "../telemetry/rules/scrape-config.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface MonitoringOperationParts {
  readonly manager: Pick<Manager, "list" | "running">;
  /** As the configuration says. */
  rules(): RuleFileOptions & { readonly job: string };
  /** `host:port` and scheme of `/metrics`, as the server knows it. */
  scrapeTarget(): { readonly address: string; readonly scheme: "http" | "https" };
}

const ruleForms = {
  alerts: alertRuleFile,
  recording: recordingRuleFile,
  kubernetes: prometheusRuleManifest,
} as const;

/** Operations that give Prometheus and Grafana what they need. */
export function monitoringOperations(parts: MonitoringOperationParts): readonly Operation[] {
  return [...prometheusOperations(parts), grafanaOperation(parts.manager)];
}

function prometheusOperations({ rules, scrapeTarget }: MonitoringOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "prometheus.rules",
      summary: "The platform's rules for Prometheus, written for this installation.",
      permission: "metrics.read",
      rest: { method: "GET", path: "/api/v1/prometheus/rules" },
      input: z.strictObject({
        form: z
          .enum(["alerts", "recording", "kubernetes"])
          .default("alerts")
          .describe("A file of alerts, one of recording rules, or both as a PrometheusRule."),
      }),
      output: z.object({ yaml: z.string() }),
      run: async ({ form }) => ({ yaml: ruleForms[form](rules()) }),
    }),
    defineOperation({
      name: "prometheus.scrape_config",
      summary:
        "What Prometheus is told to scrape this server, and a file of targets for its service discovery.",
      permission: "metrics.read",
      rest: { method: "GET", path: "/api/v1/prometheus/scrape-config" },
      input: z.strictObject({
        credentials_file: z
          .string()
          .min(1)
          .max(4_096)
          .default("/etc/prometheus/llm-platform.key")
          .describe("File on Prometheus' machine that holds a key."),
        targets_file: z
          .string()
          .min(1)
          .max(4_096)
          .default("/etc/prometheus/targets/llm-platform.json")
          .describe("File on Prometheus' machine that lists the servers."),
      }),
      output: z.object({
        yaml: z.string().describe("A member of `scrape_configs`."),
        targets: z
          .array(
            z.object({ targets: z.array(z.string()).readonly(), labels: z.record(z.string(), z.string()) }),
          )
          .readonly()
          .describe("What the file of targets holds; add further replicas to it."),
      }),
      run: async ({ credentials_file, targets_file }) => {
        const { address, scheme } = scrapeTarget();
        return {
          yaml: formatScrapeConfig({
            job: rules().job,
            scheme,
            credentialsFile: credentials_file,
            targetsFile: targets_file,
          }),
          targets: [{ targets: [address], labels: {} }],
        };
      },
    }),
  ];
}

function grafanaOperation(manager: MonitoringOperationParts["manager"]): Operation {
  return defineOperation({
    name: "grafana.sync",
    summary:
      "Brings the platform's dashboards to Grafana. What somebody changed there by hand is kept as a copy before it is replaced.",
    permission: "integrations.write",
    rest: { method: "POST", path: "/api/v1/grafana/sync" },
    audit: { target: () => ({ type: "dashboards", id: null, name: null }) },
    input: z.strictObject({}),
    output: z.object({
      dashboards: z
        .array(
          z.object({
            integration: z.string(),
            uid: z.string(),
            title: z.string(),
            outcome: z
              .enum(["created", "updated", "unchanged", "edited", "replaced"])
              .describe(
                "edited: somebody changed it, and there is no newer one. replaced: there is, and the changes are in the copy.",
              ),
            copy_uid: z.string().nullable(),
          }),
        )
        .readonly(),
    }),
    async run(_input, { signal }) {
      const hosts = manager.list().flatMap(({ name }) => {
        const host = manager.running(name)?.dashboards;
        return host === undefined ? [] : [{ name, host }];
      });
      if (hosts.length === 0)
        throw new PlatformError(
          "unavailable",
          "No Grafana is running: add the integration grafana with its url and a token, or look at its state.",
        );
      const wanted = {
        folder: { uid: "llm-platform", title: dashboardFolder },
        dashboards: dashboards.map(toDashboardJson),
      };
      const synced = await Promise.all(
        hosts.map(async ({ name, host }) =>
          (await host.sync(wanted, signal)).map(({ uid, title, outcome, copyUid = null }) => ({
            integration: name,
            uid,
            title,
            outcome,
            copy_uid: copyUid,
          })),
        ),
      );
      return { dashboards: synced.flat() };
    },
  });
}
