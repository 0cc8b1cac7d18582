/** A model in memory, as the policy sees it. */
export interface Resident {
  readonly id: string;
  readonly bytes: number;
  readonly gpuBytes: number;
  /** Never put out. */
  readonly isPinned: boolean;
  /** Cannot be put out now: it loads, or has its turn. */
  readonly isFixed: boolean;
  /** Goes already. */
  readonly isLeaving: boolean;
  /** Serves calls, and can go only when they have ended. */
  readonly isBusy: boolean;
  readonly lastUsedMs: number;
}

/** What may be in memory at once. */
export interface RoomLimits {
  readonly maxModels: number;
  readonly maxBytes: number;
  readonly maxGpuBytes: number;
}

/** What to do to bring a model into memory. */
export type RoomDecision =
  | { readonly type: "load" }
  /** Put these out first; those that serve calls once these have ended. */
  | { readonly type: "evict"; readonly ids: readonly string[] }
  /** There will be room when others are done. */
  | { readonly type: "wait" }
  /** There can never be room. */
  | { readonly type: "refuse" };

type Wanted = Pick<Resident, "bytes" | "gpuBytes">;

/** Decides by memory and number; puts out idle models first, those unused for longest before others, and no more than needed. */
export function decideRoom(wanted: Wanted, residents: readonly Resident[], limits: RoomLimits): RoomDecision {
  const pinned = residents.filter(({ isPinned }) => isPinned);
  if (!fits([wanted, ...pinned], limits)) return { type: "refuse" };
  if (fits([wanted, ...residents], limits)) return { type: "load" };
  const staying = residents.filter((resident) => !resident.isLeaving);
  if (fits([wanted, ...staying], limits)) return { type: "wait" };
  const ids = new Set<string>();
  const movable = staying
    .filter((resident) => !resident.isFixed && !resident.isPinned)
    .toSorted((a, b) => Number(a.isBusy) - Number(b.isBusy) || a.lastUsedMs - b.lastUsedMs);
  for (const resident of movable) {
    ids.add(resident.id);
    const left = staying.filter(({ id }) => !ids.has(id));
    if (fits([wanted, ...left], limits)) return { type: "evict", ids: [...ids] };
  }
  return { type: "wait" };
}

function fits(models: readonly Wanted[], { maxModels, maxBytes, maxGpuBytes }: RoomLimits): boolean {
  const sum = (figure: keyof Wanted): number => models.reduce((total, model) => total + model[figure], 0);
  return models.length <= maxModels && sum("bytes") <= maxBytes && sum("gpuBytes") <= maxGpuBytes;
}
