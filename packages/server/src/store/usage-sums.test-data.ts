import { expect } from "vitest";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { bucketStart, type Resolution, resolutions } from "../core/usage-buckets.ts";
import { summedFields, UsageTally } from "../core/usage-tally.ts";
import type { SumsQuery } from "./rollup-query.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import type { Store } from "./store.ts";

/** When the newest of the records began. */
export const nowMs = 1_700_000_000_000;
const dayMs = 86_400_000;

/** Records of many kinds, over some hours. */
export function mixture(count: number, from = 0): readonly LedgerRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const isFailed = number % 7 === 0;
    return sampleRecord(number, {
      attemptId: `req_${number}.${(number % 3) + 1}`,
      requestId: `req_${number}`,
      attempt: (number % 3) + 1,
      startedAtMs: nowMs - (number % 50) * 400_000,
      durationMs: number ** 2 % 5_000,
      firstByteMs: isFailed ? null : number % 900,
      principal: `team-${number % 4}`,
      upstreamModel: `model-${number % 5}`,
      outcome: isFailed ? "upstream_timeout" : "stop",
      inputTokens: number,
      usageSource: number % 11 === 0 ? "estimated" : "reported",
      ...(number % 5 === 0 ? { costMicros: null, currency: null } : { costMicros: number }),
    });
  });
}

/** Everything, as one sum. */
export const whole: SumsQuery = {
  resolution: "day",
  fromMs: nowMs - 40 * dayMs,
  untilMs: nowMs + dayMs,
  byBucket: false,
  groupBy: [],
  filter: {},
  withHistograms: true,
  limit: 1_000,
};

export function tallyOf(records: readonly LedgerRecord[]): UsageTally {
  const tally = new UsageTally();
  for (const record of records) tally.add(record);
  return tally;
}

export function toPlain(tally: UsageTally): object {
  return {
    ...Object.fromEntries(summedFields.map((field) => [field, tally[field]])),
    durations: tally.durations.format(),
    firstBytes: tally.firstBytes.format(),
  };
}

/** Compares the sums of every resolution with what the records come to. */
export async function expectSums(store: Store, records: readonly LedgerRecord[]): Promise<void> {
  for (const resolution of resolutions) {
    const query = { ...whole, ...spanOf(resolution), byBucket: true };
    const { groups } = await store.usage.sum(query);
    const byPrincipal = await store.usage.sum({ ...query, groupBy: ["principal"] });
    expect(byPrincipal.groups.reduce((sum, { tally }) => sum + tally.attempts, 0)).toBe(records.length);
    const buckets = Map.groupBy(records, ({ startedAtMs }) => bucketStart(resolution, startedAtMs));
    expect(groups.map(({ bucketMs, tally }) => [bucketMs, toPlain(tally)])).toEqual(
      [...buckets].sort(([a], [b]) => a - b).map(([start, of]) => [start, toPlain(tallyOf(of))]),
    );
  }
}

function spanOf(resolution: Resolution): Pick<SumsQuery, "resolution" | "fromMs"> {
  return { resolution, fromMs: bucketStart("day", nowMs - dayMs) };
}
