import type { Health } from "@llm-platform/kit";
import { jitteredMs } from "../core/back-off.ts";
import type { Clock } from "./ports.ts";

/** Asking an integration again and again how it is: never twice at once, never after `stop`. */
export interface ProbeLoop {
  /** Asks now, and from then on at the interval. */
  start(): void;
  /** Asks now unless a probe is under way or the last one is too recent. Costs nothing then. */
  probeSoon(): void;
  /** A new interval, from the next probe on. */
  setInterval(intervalMs: number): void;
  /** Ends the loop. A probe under way is not reported any more. */
  stop(): void;
}

/** What one probe brought. */
export interface ProbeRecord extends Health {
  /** When it was asked, wall time. */
  readonly timeMs: number;
  readonly durationMs: number;
}

export interface ProbeLoopInput {
  readonly clock: Clock;
  random(): number;
  readonly intervalMs: number;
  /** Never rejects. */
  probe(): Promise<Health>;
  onResult(record: ProbeRecord): void;
}

/** Live traffic may bring a probe forward, this much of an interval after the last one at the earliest. */
const soonestShare = 0.25;

export function createProbeLoop(input: ProbeLoopInput): ProbeLoop {
  const { clock, random } = input;
  let intervalMs = input.intervalMs;
  let cancelTimer: (() => void) | undefined;
  let isProbing = false;
  let isStopped = false;
  let lastStartMs = -Infinity;

  async function probeNow(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    isProbing = true;
    lastStartMs = clock.monotonicMs();
    const timeMs = clock.nowMs();
    const health = await input.probe();
    isProbing = false;
    if (isStopped) return;
    cancelTimer = clock.after(jitteredMs(intervalMs, random()), () => void probeNow());
    input.onResult({
      ...health,
      timeMs,
      durationMs: clock.monotonicMs() - lastStartMs,
    });
  }

  return {
    start: () => void probeNow(),
    probeSoon() {
      const isTooRecent = clock.monotonicMs() - lastStartMs < intervalMs * soonestShare;
      if (!isProbing && !isStopped && !isTooRecent) void probeNow();
    },
    setInterval(nextMs) {
      intervalMs = nextMs;
      if (isProbing || isStopped || cancelTimer === undefined) return;
      cancelTimer();
      cancelTimer = clock.after(jitteredMs(intervalMs, random()), () => void probeNow());
    },
    stop() {
      isStopped = true;
      cancelTimer?.();
    },
  };
}
