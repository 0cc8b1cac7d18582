/** When the platform protects itself. */
export interface OverloadSettings {
  /** Part of the memory in use from which connections are let go as their replies end. */
  readonly closeConnectionsRatio: number;
  /** Part of the memory in use from which no call is taken. */
  readonly refuseRatio: number;
  /** Delay of the event loop from which calls are shed; 0 for never. */
  readonly maxLoopDelayMs: number;
}

/** What was measured. */
export interface OverloadReading {
  /** Part of the memory in use; undefined where no bound of it is known. */
  readonly memoryRatio: number | undefined;
  readonly loopDelayMs: number;
}

export type MemoryState = "ok" | "high" | "full";

/** How the platform stands. */
export interface Overload {
  /** `high`: connections are let go; `full`: no call is taken either. */
  readonly memory: MemoryState;
  /** Part of new calls that is refused because the event loop is late. */
  readonly shedRatio: number;
  /** Readings in a row that found the loop late. */
  readonly lateReadings: number;
}

export const noOverload: Overload = { memory: "ok", shedRatio: 0, lateReadings: 0 };

/** So far below a bound the memory must be for it to count as left. */
const memoryHysteresis = 0.03;
/** One late reading may be a single long task, which is over when it is noticed. */
const leastLateReadings = 2;
const shedStep = 0.1;
/** A loop that is later than its bound by this factor, or more, makes the steps as much larger. */
const largestStepFactor = 3;
/** Some calls always go through, and show whether it is over. */
const mostShed = 0.9;

/** How the platform stands after a reading. Readings come at a steady pace, some in a second. */
export function judgeOverload(
  before: Overload,
  { memoryRatio, loopDelayMs }: OverloadReading,
  settings: OverloadSettings,
): Overload {
  const { maxLoopDelayMs } = settings;
  const isLate = maxLoopDelayMs > 0 && loopDelayMs > maxLoopDelayMs;
  const lateReadings = isLate ? before.lateReadings + 1 : 0;
  return {
    memory: judgeMemory(before.memory, memoryRatio, settings),
    shedRatio: judgeShed(before.shedRatio, { lateReadings, lateness: loopDelayMs / maxLoopDelayMs }),
    lateReadings,
  };
}

function judgeMemory(
  before: MemoryState,
  ratio: number | undefined,
  { closeConnectionsRatio, refuseRatio }: OverloadSettings,
): MemoryState {
  if (ratio === undefined) return "ok";
  const bound = (entry: number, isIn: boolean) => (isIn ? entry - memoryHysteresis : entry);
  if (ratio >= bound(refuseRatio, before === "full")) return "full";
  return ratio >= bound(closeConnectionsRatio, before !== "ok") ? "high" : "ok";
}

/** Grows while the loop is late, ebbs away when it is well below its bound, and stays in between. */
function judgeShed(
  before: number,
  { lateReadings, lateness }: { readonly lateReadings: number; readonly lateness: number },
): number {
  if (lateReadings >= leastLateReadings)
    return Math.min(mostShed, before + shedStep * Math.min(lateness, largestStepFactor));
  // With the guard off the lateness is no number, or infinite for none.
  return lateness > 0.5 && Number.isFinite(lateness) ? before : Math.max(0, before - shedStep);
}
