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

/** A rule of the platform, with how it stands. */
export interface AlertRuleStatus {
  readonly name: string;
  readonly severity: string;
  /** When it holds, in words. */
  readonly condition: string;
  readonly expression: string;
  readonly runbook_url: string;
  /** platform or prometheus. */
  readonly judged_by: string;
  /** inactive, pending, firing or unknown. */
  readonly state: string;
}

/** What takes alerts, and how that went the last time. */
export interface AlertReceiverStatus {
  readonly receiver: string;
  /** ready or away. */
  readonly state: string;
  readonly keeps_silences: boolean;
  readonly waiting: number;
  readonly last_taken_at: string | null;
  readonly last_failed_at: string | null;
  readonly last_problem: string | null;
}

/** Which alerts are silenced, for how long, and why. */
export interface SilenceRequest {
  readonly receiver?: string | undefined;
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
  readonly minutes: number;
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
  alertRules(): Promise<readonly AlertRuleStatus[]>;
  alertReceivers(): Promise<readonly AlertReceiverStatus[]>;
  /** @param receiver the one that is told; default all */
  testAlerts(receiver?: string): Promise<readonly AlertDelivery[]>;
  alertSilences(): Promise<readonly AlertSilence[]>;
  silenceAlerts(
    silence: SilenceRequest,
  ): Promise<readonly { readonly receiver: string; readonly id: string }[]>;
  endAlertSilence(receiver: string, id: string): Promise<void>;
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
    alertRules: async () => (await call<{ rules: readonly AlertRuleStatus[] }>("/api/v1/alerts/rules")).rules,
    alertReceivers: async () =>
      (await call<{ receivers: readonly AlertReceiverStatus[] }>("/api/v1/alerts/receivers")).receivers,
    testAlerts: async (receiver) =>
      (
        await call<{ receivers: readonly AlertDelivery[] }>("/api/v1/alerts/test", {
          method: "POST",
          body: receiver === undefined ? {} : { receiver },
        })
      ).receivers,
    alertSilences: async () =>
      (await call<{ silences: readonly AlertSilence[] }>("/api/v1/alerts/silences")).silences,
    silenceAlerts: async (silence) =>
      (
        await call<{ silences: readonly { readonly receiver: string; readonly id: string }[] }>(
          "/api/v1/alerts/silences",
          { method: "POST", body: { ...silence } },
        )
      ).silences,
    endAlertSilence: async (receiver, id) => {
      const path = `/api/v1/alerts/silences/${encodeURIComponent(receiver)}/${encodeURIComponent(id)}`;
      await call(path, { method: "DELETE" });
    },
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
