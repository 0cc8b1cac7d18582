import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import { bucketMs, bucketStart, type StoredResolution } from "../core/usage-buckets.ts";
import { type RollupGrain, rollupGrains } from "./rollup-columns.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

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
  readonly database: Kysely<Tables>;
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

/** Rejects with PlatformError `unavailable`. */
export async function createRollupHorizon({
  database,
  retention,
  nowMs,
}: HorizonParts): Promise<RollupHorizon> {
  /** What was deleted stays deleted when later more is to be kept. */
  const deletedUntil = await guardStorageLater(() => readProgress(database));

  const horizonOf = ({ resolution, name, days }: Pruned) =>
    Math.max(
      bucketStart(resolution, Math.max(0, nowMs() - retention[days] * dayMs)),
      deletedUntil.get(name) ?? 0,
    );

  /** Deletes some buckets; undefined when there is nothing left to delete. */
  async function pruneSome(each: Pruned, byPrincipal: RollupGrain): Promise<number | undefined> {
    const { resolution, name, buckets } = each;
    const untilMs = horizonOf(each);
    const oldest = await database
      .selectFrom("usage_rollups")
      .select(({ fn }) => fn.min("bucket_ms").as("bucket"))
      .where("resolution", "=", resolution)
      .where("by_principal", "=", byPrincipal)
      .executeTakeFirst();
    // There is none in an empty table.
    if (typeof oldest?.bucket !== "number" || oldest.bucket >= untilMs) return undefined;
    deletedUntil.set(name, untilMs);
    await database
      .insertInto("usage_progress")
      .values({ name, value: untilMs })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: untilMs }))
      .execute();
    const { numDeletedRows } = await database
      .deleteFrom("usage_rollups")
      .where("resolution", "=", resolution)
      .where("by_principal", "=", byPrincipal)
      .where("bucket_ms", "<", Math.min(untilMs, oldest.bucket + buckets * bucketMs(resolution)))
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
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
          let deleted = await guardStorageLater(() => pruneSome(each, byPrincipal));
          while (deleted !== undefined) {
            rows += deleted;
            await nextTurn();
            deleted = await guardStorageLater(() => pruneSome(each, byPrincipal));
          }
        }
      return rows;
    },
  };
}

async function readProgress(database: Kysely<Tables>): Promise<Map<string, number>> {
  const rows = await database.selectFrom("usage_progress").selectAll().execute();
  return new Map(rows.map(({ name, value }) => [name, value]));
}
