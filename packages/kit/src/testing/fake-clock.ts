/** A clock that stands still until a test moves it. Fits wherever time is a part that is passed in. */
export interface FakeClock {
  /** Wall time in milliseconds. */
  nowMs(): number;
  /** Time since the clock was made, in milliseconds. */
  monotonicMs(): number;
  /** Calls `action` once when `delayMs` have gone by; the result takes that back. */
  after(delayMs: number, action: () => void): () => void;
  /** How many actions wait. */
  readonly pending: number;
  /** Moves the time, calls in order what falls due, and lets promises run after each. */
  advance(byMs: number): Promise<void>;
  /** Lets everything run that waits for no time. */
  settle(): Promise<void>;
}

interface Alarm {
  readonly atMs: number;
  readonly action: () => void;
}

/** Turns of the event loop that are enough for any chain of promises between two alarms. */
const turnsToSettle = 3;

/** Makes a clock that shows `startMs`. Default: noon of a day in 2026. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 15, 12)): FakeClock {
  let elapsedMs = 0;
  const alarms = new Set<Alarm>();

  const nextDue = (untilMs: number): Alarm | undefined =>
    [...alarms].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, action) {
      const alarm = { atMs: elapsedMs + Math.max(0, delayMs), action };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
    get pending() {
      return alarms.size;
    },
    async advance(byMs) {
      const untilMs = elapsedMs + byMs;
      await letRun();
      for (let alarm = nextDue(untilMs); alarm !== undefined; alarm = nextDue(untilMs)) {
        alarms.delete(alarm);
        elapsedMs = Math.max(elapsedMs, alarm.atMs);
        alarm.action();
        await letRun();
      }
      elapsedMs = untilMs;
    },
    settle: letRun,
  };
}

async function letRun(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn += 1) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
