import type { JsonObject } from "./chat.ts";

/** What is to be there. */
export interface DashboardSet {
  readonly folder: { readonly uid: string; readonly title: string };
  /** In Grafana's classic JSON, each with a `uid` and a `title`. */
  readonly dashboards: readonly JsonObject[];
}

/**
 * What became of one. `edited`: somebody changed it, and it is as it would be anyhow, so that it was left alone.
 * `replaced`: somebody had changed it, that was kept as a copy, and it is new now.
 */
export type DashboardOutcome = "created" | "updated" | "unchanged" | "edited" | "replaced";

export interface SyncedDashboard {
  readonly uid: string;
  readonly title: string;
  readonly outcome: DashboardOutcome;
  /** Where the changes of somebody were kept. */
  readonly copyUid?: string;
}

/** What shows dashboards. */
export interface DashboardHost {
  /**
   * Brings the folder, the source of data and every dashboard to what they are to be. May be repeated; what somebody
   * has changed by hand is never lost.
   */
  sync(wanted: DashboardSet, signal: AbortSignal): Promise<readonly SyncedDashboard[]>;
}
