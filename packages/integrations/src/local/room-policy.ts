/** A model in memory, as the policy sees it. */
export interface Resident {
  readonly id: string;
  readonly bytes: number;
  /** Whether it loads, serves calls or stops: then it cannot be put out. */
  readonly isBusy: boolean;
  readonly lastUsedMs: number;
}

/** What may be in memory at once. */
export interface RoomLimits {
  readonly maxModels: number;
  readonly maxBytes: number;
}

/** What to do to bring a model into memory. */
export type RoomDecision =
  | { readonly type: "load" }
  /** Put these out first. */
  | { readonly type: "evict"; readonly ids: readonly string[] }
  /** There will be room when others are done. */
  | { readonly type: "wait" }
  /** There can never be room. */
  | { readonly type: "refuse" };

/** Decides by memory and number; puts out idle models, those unused for longest first, and no more than needed. */
export function decideRoom(
  wantedBytes: number,
  residents: readonly Resident[],
  limits: RoomLimits,
): RoomDecision {
  if (wantedBytes > limits.maxBytes) return { type: "refuse" };
  let bytes = residents.reduce((sum, resident) => sum + resident.bytes, wantedBytes);
  let count = residents.length + 1;
  const ids: string[] = [];
  const idle = residents
    .filter((resident) => !resident.isBusy)
    .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
  for (const resident of idle) {
    if (bytes <= limits.maxBytes && count <= limits.maxModels) break;
    ids.push(resident.id);
    bytes -= resident.bytes;
    count -= 1;
  }
  if (bytes > limits.maxBytes || count > limits.maxModels) return { type: "wait" };
  return ids.length === 0 ? { type: "load" } : { type: "evict", ids };
}
