import type { LedgerRecord } from "../core/ledger-record.ts";
import { summedFields, UsageTally } from "../core/usage-tally.ts";
import type { SumsQuery } from "./rollup-query.ts";
import { sampleRecord } from "./sample-record.test-data.ts";

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
