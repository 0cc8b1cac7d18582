import { type Enrolled, Roster } from "../core/roster.ts";

/** Something that wants to be asked, every now and then, whether its time is up. */
export interface Timed extends Enrolled {
  /** @param nowMs the monotonic time in milliseconds */
  checkDeadline(nowMs: number): void;
}

/**
 * One coarse timer for every deadline of the hot path: a timer per call would cost more than the call.
 * A deadline is noticed at most one tick late.
 */
export class Deadlines<Member extends Timed = Timed> {
  readonly #tickMs: number;
  readonly #members = new Roster<Member>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tickMs time between two checks; default 100 */
  constructor(tickMs = 100) {
    this.#tickMs = tickMs;
  }

  add(timed: Member): void {
    this.#members.add(timed);
    // Timers come before input in a turn of the event loop: what arrived while the process stood still would be late.
    this.#timer ??= setInterval(() => setImmediate(() => this.#tick()), this.#tickMs);
  }

  delete(timed: Member): void {
    this.#members.delete(timed);
  }

  /** Those that are there now. */
  get members(): readonly Member[] {
    return this.#members.list();
  }

  /** Stops asking. Members are forgotten. */
  stop(): void {
    this.#members.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#members.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const nowMs = performance.now();
    for (const timed of this.#members.list()) timed.checkDeadline(nowMs);
  }
}
