/** Time as the scheduler sees it. */
export interface SchedulerClock {
  nowMs(): number;
  /** Calls `action` once after `delayMs`; the returned function prevents it. */
  after(delayMs: number, action: () => void): () => void;
}

/** The machine's own time. Its timers keep no process alive. */
export const systemClock: SchedulerClock = {
  nowMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
