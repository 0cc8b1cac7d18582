import type { DatabaseSync } from "node:sqlite";
import { bucketStart, type Resolution, resolutions } from "../core/usage-buckets.ts";
import { type UsageKind, UsageTally } from "../core/usage-tally.ts";
import { rollupSums } from "./rollup-columns.ts";
import type { RollupHorizon } from "./rollup-horizon.ts";
import { createUsageKinds, everybody, keyOfKind } from "./usage-kinds.ts";

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

  function addAll(tallies: Iterable<KindTallies>, byPrincipal: 0 | 1): void {
    for (const { kind, byMinute } of tallies) {
      const kindId = kinds.idOf(kind);
      for (const resolution of resolutions) {
        const fromMs = horizon.fromMs(resolution);
        for (const [bucket, tally] of mergeInto(resolution, byMinute))
          if (bucket >= fromMs) write({ resolution, byPrincipal, bucket, kindId }, tally);
      }
    }
  }

  return {
    add(tallies) {
      const all = [...tallies];
      addAll(all, 1);
      addAll(overPrincipals(all), 0);
    },
    forget: () => kinds.forget(),
  };
}

interface Place {
  readonly resolution: Resolution;
  readonly byPrincipal: 0 | 1;
  readonly bucket: number;
  readonly kindId: number;
}

/** The same with all principals as one: most questions are not about them, and read a fraction of the rows so. */
function overPrincipals(tallies: readonly KindTallies[]): Iterable<KindTallies> {
  const merged = new Map<string, KindTallies>();
  for (const { kind, byMinute } of tallies) {
    const shared = { ...kind, principal: everybody };
    const key = keyOfKind(shared);
    const ofKind = merged.get(key) ?? { kind: shared, byMinute: new Map() };
    merged.set(key, ofKind);
    for (const [minute, tally] of byMinute) {
      const sum = ofKind.byMinute.get(minute) ?? new UsageTally();
      sum.merge(tally);
      ofKind.byMinute.set(minute, sum);
    }
  }
  return merged.values();
}

/** New tallies, so that those by minute are as they were should the transaction fail. */
function mergeInto(
  resolution: Resolution,
  byMinute: ReadonlyMap<number, UsageTally>,
): ReadonlyMap<number, UsageTally> {
  const merged = new Map<number, UsageTally>();
  for (const [minute, tally] of byMinute) {
    const bucket = bucketStart(resolution, minute);
    const sum = merged.get(bucket) ?? new UsageTally();
    sum.merge(tally);
    merged.set(bucket, sum);
  }
  return merged;
}
