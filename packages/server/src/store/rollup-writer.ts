import type { DatabaseSync } from "node:sqlite";
import { bucketStart, type StoredResolution, storedResolutions } from "../core/usage-buckets.ts";
import { type UsageKind, UsageTally } from "../core/usage-tally.ts";
import { type RollupGrain, rollupGrains, rollupSums } from "./rollup-columns.ts";
import type { RollupHorizon } from "./rollup-horizon.ts";
import { createUsageKinds, everything, keyOfKind } from "./usage-kinds.ts";

/** Attempts of one kind, by the start of the minute in which they began. */
export interface KindTallies {
  readonly kind: UsageKind;
  readonly byMinute: Map<number, UsageTally>;
}

/** Adds tallies to the sums of all resolutions. */
export interface RollupWriter {
  /** Takes part in the transaction that is open; after a rollback call `forget`. Throws what SQLite throws. */
  add(tallies: Iterable<KindTallies>): void;
  forget(): void;
}

export function createRollupWriter(raw: DatabaseSync, horizon: RollupHorizon): RollupWriter {
  const kinds = createUsageKinds(raw);
  const histograms = raw.prepare(
    "SELECT durations, first_bytes FROM usage_rollups WHERE resolution = ? AND by_principal = ? AND bucket_ms = ? AND kind_id = ?",
  );
  const sums = rollupSums.map(({ column }) => column);
  const columns = ["resolution", "by_principal", "bucket_ms", "kind_id", ...sums, "durations", "first_bytes"];
  const upsert = raw.prepare(
    `INSERT INTO usage_rollups (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
     ON CONFLICT (resolution, by_principal, bucket_ms, kind_id) DO UPDATE SET
     ${sums.map((column) => `${column} = usage_rollups.${column} + excluded.${column}`).join(", ")},
     durations = excluded.durations, first_bytes = excluded.first_bytes`,
  );

  function write(place: Place, tally: UsageTally): void {
    const key = [place.resolution, place.byPrincipal, place.bucket, place.kindId] as const;
    const before = histograms.get(...key);
    if (before !== undefined) {
      tally.durations.mergeText(String(before["durations"]));
      tally.firstBytes.mergeText(String(before["first_bytes"]));
    }
    const values = rollupSums.map(({ field }) => tally[field]);
    upsert.run(...key, ...values, tally.durations.format(), tally.firstBytes.format());
  }

  /** One resolution after the other: rows that are read together come to lie together. */
  function addAll(tallies: Iterable<KindTallies>, byPrincipal: RollupGrain): void {
    const each = Array.from(tallies, ({ kind, byMinute }) => ({
      kindId: kinds.idOf(kind),
      buckets: toResolutions(byMinute),
    }));
    for (const resolution of storedResolutions) {
      if (byPrincipal === rollupGrains.principals && resolution === "minute") continue;
      const fromMs = horizon.fromMs(resolution);
      for (const { kindId, buckets } of each)
        for (const [bucket, tally] of buckets[resolution])
          if (bucket >= fromMs) write({ resolution, byPrincipal, bucket, kindId }, tally);
    }
  }

  return {
    add(tallies) {
      const all = [...tallies];
      addAll(all, rollupGrains.everything);
      addAll(
        mergeKinds(all, (kind) => ({ ...kind, principal: everything })),
        rollupGrains.overPrincipals,
      );
      addAll(mergeKinds(all, toPrincipalAlone), rollupGrains.principals);
    },
    forget: () => kinds.forget(),
  };
}

interface Place {
  readonly resolution: StoredResolution;
  readonly byPrincipal: RollupGrain;
  readonly bucket: number;
  readonly kindId: number;
}

function toPrincipalAlone({ principal, currency }: UsageKind): UsageKind {
  const all = {
    integration: everything,
    provider: everything,
    upstreamModel: everything,
    operation: everything,
  };
  return { ...all, principal, currency };
}

/** The same with fewer kinds. */
function mergeKinds(
  tallies: readonly KindTallies[],
  toCoarser: (kind: UsageKind) => UsageKind,
): Iterable<KindTallies> {
  const merged = new Map<string, KindTallies>();
  for (const { kind, byMinute } of tallies) {
    const coarser = toCoarser(kind);
    const key = keyOfKind(coarser);
    const ofKind = merged.get(key) ?? { kind: coarser, byMinute: new Map() };
    merged.set(key, ofKind);
    for (const [minute, tally] of byMinute) mergeAt(ofKind.byMinute, minute, tally);
  }
  return merged.values();
}

type Buckets = ReadonlyMap<number, UsageTally>;

/** New tallies for each resolution, so that those by minute are as they were should the transaction fail. */
function toResolutions(byMinute: Buckets): Readonly<Record<StoredResolution, Buckets>> {
  const minute = mergeBuckets("minute", byMinute);
  const hour = mergeBuckets("hour", minute);
  const day = mergeBuckets("day", hour);
  return { minute, hour, day, eight_days: mergeBuckets("eight_days", day) };
}

function mergeBuckets(resolution: StoredResolution, finer: Buckets): Buckets {
  const merged = new Map<number, UsageTally>();
  for (const [start, tally] of finer) mergeAt(merged, bucketStart(resolution, start), tally);
  return merged;
}

function mergeAt(tallies: Map<number, UsageTally>, start: number, tally: UsageTally): void {
  const sum = tallies.get(start) ?? new UsageTally();
  sum.merge(tally);
  tallies.set(start, sum);
}
