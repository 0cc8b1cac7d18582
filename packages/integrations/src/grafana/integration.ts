import {
  defineIntegration,
  type IntegrationContext,
  PlatformError,
  type RunningIntegration,
  type SyncedDashboard,
} from "@llm-platform/kit";
import { createControlClient, expectSuccess } from "../control-client.ts";
import { healthOfFailure, healthOfStatus } from "../probe-health.ts";
import { toSharedHeaders } from "../request-headers.ts";
import { parseServerAddress } from "../server-address.ts";
import { withServerTrust } from "../server-trust.ts";
import { toStartError } from "../start-error.ts";
import { syncDashboard } from "./dashboard-sync.ts";
import { createGrafanaApi } from "./grafana-api.ts";
import { type GrafanaSettings, grafanaSettings } from "./settings.ts";

/** The first that reads dashboards of this form. */
const oldestMajor = 10;

/** Dashboards in Grafana, made and brought up to date through its HTTP API. */
export const grafanaIntegration = defineIntegration<GrafanaSettings>({
  contract: 1,
  id: "grafana",
  type: "monitoring",
  summary: "Grafana, to which the platform brings its dashboards.",
  settings: grafanaSettings,
  metrics: [
    {
      name: "dashboards_total",
      help: "Dashboards that were brought to Grafana, by what became of each.",
      type: "counter",
      labels: ["outcome"],
    },
  ],
  start,
});

async function start(given: IntegrationContext<GrafanaSettings>): Promise<RunningIntegration> {
  const context = await withServerTrust(given);
  const { settings, log, metrics, signal } = context;
  const { origin, prefix } = parseServerAddress(settings.url);
  const headers = toSharedHeaders({ accept: "application/json", apiKey: settings.token, extra: undefined });
  const client = createControlClient({ fetch: context.fetch, origin, headers });
  const api = createGrafanaApi(client, prefix);
  const ask = (until: AbortSignal) => client.ask({ path: `${prefix}/api/org`, signal: until });
  try {
    expectSuccess(await ask(signal), "its organization");
  } catch (error) {
    throw toStartError(error, {
      origin,
      advice: "Check that Grafana runs and that url is right.",
      signal,
    });
  }
  requireVersion(await api.readVersion(signal), origin);
  return {
    dashboards: {
      async sync({ folder, dashboards }, until) {
        await api.ensureFolder(folder, until);
        if (settings.prometheus_url !== undefined)
          await api.ensureDataSource(dataSource(settings.prometheus_url, settings.trace_url), until);
        const synced: SyncedDashboard[] = [];
        for (const dashboard of dashboards) {
          const parts = { api, keyValues: context.keyValues, folderUid: folder.uid, signal: until };
          const result = await syncDashboard(dashboard, parts);
          metrics.add("dashboards_total", 1, { outcome: result.outcome });
          synced.push(result);
        }
        log.info("grafana.synced", { dashboards: synced });
        return synced;
      },
    },
    async health(until) {
      try {
        return healthOfStatus((await ask(until)).status, origin);
      } catch (error) {
        return healthOfFailure(error, origin);
      }
    },
    stop: async () => undefined,
  };
}

/** A Grafana may keep its version to itself; then it is taken for a newer one. */
function requireVersion(version: string | undefined, origin: string): void {
  if (version === undefined || Number.parseInt(version, 10) >= oldestMajor) return;
  throw new PlatformError(
    "upstream_error",
    `Grafana ${version} at ${origin} is too old for the dashboards: they need ${oldestMajor}.0 or newer. Update it, or disable this integration.`,
  );
}

function dataSource(url: string, traceUrl: string | undefined) {
  const traces = { name: "trace_id", url: traceUrl ?? "", urlDisplayLabel: "Trace" };
  return {
    uid: "llm-platform-prometheus",
    name: "llm-platform Prometheus",
    type: "prometheus",
    access: "proxy",
    url,
    jsonData: {
      httpMethod: "POST",
      timeInterval: "15s",
      ...(traceUrl === undefined ? {} : { exemplarTraceIdDestinations: [traces] }),
    },
  };
}
