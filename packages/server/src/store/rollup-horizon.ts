import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { bucketMs, bucketStart, type StoredResolution } from "../core/usage-buckets.ts";
import { type RollupGrain, rollupGrains } from "./rollup-columns.ts";
import { guardStorage } from "./storage-error.ts";
import type { UsageProgress } from "./usage-progress.ts";

/** For how many days sums are kept. Those by day are kept for ever. */
export interface RollupRetention {
  readonly minuteDays: number;
  readonly hourDays: number;
}

/** From when on sums of each resolution are kept. */
export interface RollupHorizon {
  /** Wall time of the first bucket that is kept. Sums before it are neither there nor written. */
  fromMs(resolution: StoredResolution): number;
  /** Deletes what is older, in pieces. Resolves with how many rows; rejects with PlatformError `unavailable`. */
  prune(): Promise<number>;
}

export interface HorizonParts {
  readonly raw: DatabaseSync;
  readonly progress: UsageProgress;
  readonly retention: RollupRetention;
  /** Wall time. */
  readonly nowMs: () => number;
}

const dayMs = 86_400_000;
const pruned = [
  { resolution: "minute", name: "minute_from_ms", days: "minuteDays", buckets: 60 },
  { resolution: "hour", name: "hour_from_ms", days: "hourDays", buckets: 24 },
] as const;
type Pruned = (typeof pruned)[number];

export function createRollupHorizon({ raw, progress, retention, nowMs }: HorizonParts): RollupHorizon {
  const oldest = raw.prepare(
    "SELECT min(bucket_ms) AS bucket FROM usage_rollups WHERE resolution = ? AND by_principal = ?",
  );
  const remove = raw.prepare(
    "DELETE FROM usage_rollups WHERE resolution = ? AND by_principal = ? AND bucket_ms < ?",
  );
  /** What was deleted stays deleted when later more is to be kept. */
  const deletedUntil = new Map(pruned.map(({ name }) => [name, progress.read(name)]));

  const horizonOf = ({ resolution, name, days }: Pruned) =>
    Math.max(
      bucketStart(resolution, Math.max(0, nowMs() - retention[days] * dayMs)),
      deletedUntil.get(name) ?? 0,
    );

  /** Deletes some buckets; undefined when there is nothing left to delete. */
  function pruneSome(each: Pruned, byPrincipal: RollupGrain): number | undefined {
    const { resolution, name, buckets } = each;
    const untilMs = horizonOf(each);
    const first = oldest.get(resolution, byPrincipal)?.["bucket"];
    if (typeof first !== "number" || first >= untilMs) return undefined;
    deletedUntil.set(name, untilMs);
    progress.write(name, untilMs);
    return Number(
      remove.run(resolution, byPrincipal, Math.min(untilMs, first + buckets * bucketMs(resolution))).changes,
    );
  }

  return {
    fromMs(resolution) {
      const each = pruned.find((candidate) => candidate.resolution === resolution);
      return each === undefined ? 0 : horizonOf(each);
    },
    async prune() {
      let rows = 0;
      for (const each of pruned)
        for (const byPrincipal of Object.values(rollupGrains)) {
          let deleted = guardStorage(() => pruneSome(each, byPrincipal));
          while (deleted !== undefined) {
            rows += deleted;
            await nextTurn();
            deleted = guardStorage(() => pruneSome(each, byPrincipal));
          }
        }
      return rows;
    },
  };
}
