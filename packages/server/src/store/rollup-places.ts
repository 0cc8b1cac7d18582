import { bucketStart, type Resolution, resolutions } from "../core/usage-buckets.ts";
import { type UsageKind, UsageTally } from "../core/usage-tally.ts";
import { type KindTallies, keyOfKind } from "./kind-tallies.ts";
import type { RollupHorizon } from "./rollup-horizon.ts";
import { everybody } from "./usage-kinds.ts";

/** Where a sum stands, but for its kind. */
export interface RollupPlace {
  readonly resolution: Resolution;
  readonly byPrincipal: 0 | 1;
  /** Start of the bucket. */
  readonly bucket: number;
}

export interface PlacedTally extends RollupPlace {
  readonly kind: UsageKind;
  readonly tally: UsageTally;
}

/** What is to be added to which sums, each of them once: in every resolution, and over all principals as well. */
export function* placeTallies(
  tallies: Iterable<KindTallies>,
  horizon: Pick<RollupHorizon, "fromMs">,
): Generator<PlacedTally> {
  const all = [...tallies];
  yield* placeEach(all, 1, horizon);
  yield* placeEach(overPrincipals(all), 0, horizon);
}

function* placeEach(
  tallies: Iterable<KindTallies>,
  byPrincipal: 0 | 1,
  horizon: Pick<RollupHorizon, "fromMs">,
): Generator<PlacedTally> {
  for (const { kind, byMinute } of tallies)
    for (const resolution of resolutions) {
      const fromMs = horizon.fromMs(resolution);
      for (const [bucket, tally] of mergeInto(resolution, byMinute))
        if (bucket >= fromMs) yield { resolution, byPrincipal, bucket, kind, tally };
    }
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
