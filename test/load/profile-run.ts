import { type ChatReport, runK6 } from "../services/k6.ts";
import type { ProfileName, Volume } from "./k6/profiles.ts";
import type { System } from "./system.ts";

/** What one profile came to. */
export type ProfileReport = ChatReport & {
  readonly profile: ProfileName;
  readonly volume: Volume;
  /** Calls that have other than one row in the ledger. */
  readonly unrecorded: number;
  /** Of the servers together, before and after. */
  readonly residentMb: readonly [number, number];
};

/** How a profile is to be sent. */
export type ProfilePlan = Volume & {
  readonly profile: ProfileName;
  /** Answers are no longer than that, whatever the trace says. */
  readonly mostTokens: number;
  readonly firstTokenP95Ms?: number;
};

/** Runs profiles one after the other against one system. */
export async function runProfiles(
  system: System,
  plans: readonly ProfilePlan[],
): Promise<readonly ProfileReport[]> {
  const reports: ProfileReport[] = [];
  const before = new Set(await system.attempts(0));
  for (const plan of plans) {
    const { profile, seconds, perSecond } = plan;
    const residentBefore = system.residentMb();
    const chats = await runK6({ ...system, ...plan });
    const attempts = await system.attempts(before.size + chats.calls);
    const own = attempts.filter((id) => !before.has(id));
    reports.push({
      ...chats,
      profile,
      volume: { seconds, perSecond },
      unrecorded: countUnrecorded(own, chats.calls),
      residentMb: [residentBefore, system.residentMb()],
    });
    for (const id of own) before.add(id);
  }
  return reports;
}

/** How far a ledger is from one row for each call: rows that are missing, and rows that are too many. */
export function countUnrecorded(attempts: readonly string[], calls: number): number {
  const distinct = new Set(attempts).size;
  return Math.abs(calls - distinct) + (attempts.length - distinct);
}
