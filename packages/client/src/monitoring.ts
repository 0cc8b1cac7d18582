import type { CallOptions } from "./call-options.ts";

/** An alert that the server itself finds to fire. */
export interface FiringAlert {
  readonly name: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
  readonly runbook_url: string;
  readonly started_at: string;
}

/** What became of a test alert at one receiver. */
export interface AlertDelivery {
  readonly receiver: string;
  /** Null when it was taken. */
  readonly problem: string | null;
}

/** A time in which nobody is told of some alerts. */
export interface AlertSilence {
  readonly receiver: string;
  readonly id: string;
  readonly matchers: readonly string[];
  readonly ends_at: string;
  readonly created_by: string;
  readonly comment: string;
}

/** What became of one dashboard. */
export interface SyncedDashboard {
  readonly integration: string;
  readonly uid: string;
  readonly title: string;
  /** created, updated, unchanged, edited or replaced. */
  readonly outcome: string;
  /** Where somebody's changes were kept. */
  readonly copy_uid: string | null;
}

export interface ScrapeConfig {
  readonly yaml: string;
  readonly targets: readonly { readonly targets: readonly string[] }[];
}

/** The calls that are about watching the platform. */
export interface MonitoringCalls {
  alerts(): Promise<readonly FiringAlert[]>;
  testAlerts(): Promise<readonly AlertDelivery[]>;
  alertSilences(): Promise<readonly AlertSilence[]>;
  /** @param form alerts, recording or kubernetes */
  prometheusRules(form: string): Promise<string>;
  scrapeConfig(): Promise<ScrapeConfig>;
  syncGrafana(): Promise<readonly SyncedDashboard[]>;
}

type Call = <Output>(path: string, options?: CallOptions) => Promise<Output>;

/** Each dashboard is a call or two to Grafana. */
const syncTimeoutMs = 120_000;

export function createMonitoringCalls(call: Call): MonitoringCalls {
  const change = { method: "POST", body: {} } as const;
  return {
    alerts: async () => (await call<{ alerts: readonly FiringAlert[] }>("/api/v1/alerts")).alerts,
    testAlerts: async () =>
      (await call<{ receivers: readonly AlertDelivery[] }>("/api/v1/alerts/test", change)).receivers,
    alertSilences: async () =>
      (await call<{ silences: readonly AlertSilence[] }>("/api/v1/alerts/silences")).silences,
    prometheusRules: async (form) =>
      (await call<{ yaml: string }>(`/api/v1/prometheus/rules?form=${encodeURIComponent(form)}`)).yaml,
    scrapeConfig: () => call("/api/v1/prometheus/scrape-config"),
    syncGrafana: async () =>
      (
        await call<{ dashboards: readonly SyncedDashboard[] }>("/api/v1/grafana/sync", {
          ...change,
          timeoutMs: syncTimeoutMs,
        })
      ).dashboards,
  };
}
