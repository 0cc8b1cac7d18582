import { bucketStart, type StoredResolution, storedResolutions } from "../core/usage-buckets.ts";
import { type UsageKind, UsageTally } from "../core/usage-tally.ts";
import { type KindTallies, keyOfKind } from "./kind-tallies.ts";
import { type RollupGrain, rollupGrains } from "./rollup-columns.ts";
import type { RollupHorizon } from "./rollup-horizon.ts";
import { everything } from "./usage-kinds.ts";

/** Where a sum stands, but for its kind. */
export interface RollupPlace {
  readonly resolution: StoredResolution;
  readonly byPrincipal: RollupGrain;
  /** Start of the bucket. */
  readonly bucket: number;
}

export interface PlacedTally extends RollupPlace {
  readonly kind: UsageKind;
  readonly tally: UsageTally;
}

/** What is to be added to which sums, each of them once: in every resolution, for each of the grains. */
export function* placeTallies(
  tallies: Iterable<KindTallies>,
  horizon: Pick<RollupHorizon, "fromMs">,
): Generator<PlacedTally> {
  const all = [...tallies];
  yield* placeEach(all, rollupGrains.everything, horizon);
  const shared = mergeKinds(all, (kind) => ({ ...kind, principal: everything }));
  yield* placeEach(shared, rollupGrains.overPrincipals, horizon);
  yield* placeEach(mergeKinds(all, toPrincipalAlone), rollupGrains.principals, horizon);
}

/** One resolution after the other: rows that are read together come to lie together. */
function* placeEach(
  tallies: Iterable<KindTallies>,
  byPrincipal: RollupGrain,
  horizon: Pick<RollupHorizon, "fromMs">,
): Generator<PlacedTally> {
  const each = Array.from(tallies, ({ kind, byMinute }) => ({ kind, buckets: toResolutions(byMinute) }));
  for (const resolution of storedResolutions) {
    if (byPrincipal === rollupGrains.principals && resolution === "minute") continue;
    const fromMs = horizon.fromMs(resolution);
    for (const { kind, buckets } of each)
      for (const [bucket, tally] of buckets[resolution])
        if (bucket >= fromMs) yield { resolution, byPrincipal, bucket, kind, tally };
  }
}

function toPrincipalAlone({ principal, currency }: UsageKind): UsageKind {
  return {
    principal,
    integration: everything,
    provider: everything,
    upstreamModel: everything,
    operation: everything,
    currency,
  };
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
