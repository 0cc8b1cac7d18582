import type { LedgerRecord } from "../core/ledger-record.ts";
import { bucketStart } from "../core/usage-buckets.ts";
import { type UsageKind, UsageTally } from "../core/usage-tally.ts";

/** Attempts of one kind, by the start of the minute in which they began. */
export interface KindTallies {
  readonly kind: UsageKind;
  readonly byMinute: Map<number, UsageTally>;
}

/** A record that is added to the sums, or taken out of them. */
export interface TallyChange {
  readonly record: LedgerRecord;
  readonly times: 1 | -1;
}

/** What records come to, by kind and minute. */
export function toKindTallies(changes: Iterable<TallyChange>): Iterable<KindTallies> {
  const tallies = new Map<string, KindTallies>();
  for (const { record, times } of changes) {
    const key = keyOfKind(record);
    const ofKind = tallies.get(key) ?? { kind: record, byMinute: new Map() };
    tallies.set(key, ofKind);
    const minute = bucketStart("minute", record.startedAtMs);
    const tally = ofKind.byMinute.get(minute) ?? new UsageTally();
    ofKind.byMinute.set(minute, tally);
    tally.add(record, times);
  }
  return tallies.values();
}

/** One text for each kind. */
export function keyOfKind(kind: UsageKind): string {
  return kindValues(kind).join("\n");
}

/** A kind as its columns have it. */
export function kindValues({
  principal,
  integration,
  provider,
  upstreamModel,
  operation,
  currency,
}: UsageKind) {
  return [principal, integration, provider, upstreamModel, operation, currency ?? ""] as const;
}
