import type { DatabaseSync } from "node:sqlite";
import type { UsageTally } from "../core/usage-tally.ts";
import type { KindTallies } from "./kind-tallies.ts";
import { rollupSums } from "./rollup-columns.ts";
import type { RollupHorizon } from "./rollup-horizon.ts";
import { placeTallies, type RollupPlace } from "./rollup-places.ts";
import { createUsageKinds } from "./usage-kinds.ts";

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

  function write(place: RollupPlace & { readonly kindId: number }, tally: UsageTally): void {
    const key = [place.resolution, place.byPrincipal, place.bucket, place.kindId] as const;
    const before = histograms.get(...key);
    if (before !== undefined) {
      tally.durations.mergeText(String(before["durations"]));
      tally.firstBytes.mergeText(String(before["first_bytes"]));
    }
    const values = rollupSums.map(({ field }) => tally[field]);
    upsert.run(...key, ...values, tally.durations.format(), tally.firstBytes.format());
  }

  return {
    add(tallies) {
      for (const { kind, tally, ...place } of placeTallies(tallies, horizon))
        write({ ...place, kindId: kinds.idOf(kind) }, tally);
    },
    forget: () => kinds.forget(),
  };
}
