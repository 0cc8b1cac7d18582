import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LeaseAsk } from "../core/lease.ts";
import { type Limit, type LimitDecision, type LimitHold, noLimits } from "../core/limits.ts";
import { minuteMs } from "../core/sliding-window.ts";
import type { ExchangeReply } from "./limit-exchange.ts";
import { type ExchangeOptions, LimitsOverReplicas } from "./limits-over-replicas.ts";
import { SharedCounts } from "./shared-counts.test-data.ts";

const limit: Limit = {
  ...noLimits,
  scope: "key",
  id: "k",
  requestsPerMinute: 20,
  tokensPerMinute: 1_000,
  maxConcurrent: 6,
};

const mostRounds = 100;

interface Exchange {
  /** Has it answered; the answer comes now, or too late. */
  answer(isLate: boolean): void;
  /** It is lost before the counts hear of it. */
  lose(): void;
}

/** Replicas that share counts, over lines on which exchanges are answered when the test says so. */
class Cluster {
  readonly counts: SharedCounts;
  readonly replicas: readonly LimitsOverReplicas[];
  /** Exchanges under way, by replica. */
  readonly lines: Exchange[][];
  /** Calls in flight, by replica. */
  readonly active: LimitHold[][];
  readonly passedAtMs: number[] = [];
  refused = 0;
  waiting = 0;
  nowMs = 0;

  constructor(count: number) {
    this.counts = new SharedCounts(count);
    this.lines = Array.from({ length: count }, () => []);
    this.active = Array.from({ length: count }, () => []);
    this.replicas = Array.from({ length: count }, (_, at) => this.#make(at));
  }

  get inFlight(): number {
    return this.active.flat().length;
  }

  call(at: number, tokens = 40): void {
    const decision = this.#replica(at).take({ limits: [limit], tokens }, this.nowMs);
    if (!(decision instanceof Promise)) {
      this.#onDecision(at, decision);
      return;
    }
    this.waiting++;
    void decision.then((each) => {
      this.waiting--;
      this.#onDecision(at, each);
    });
  }

  end(at: number, usedTokens = 10): void {
    this.active[at % this.active.length]?.shift()?.settle(usedTokens, this.nowMs);
  }

  tick(at: number): void {
    this.#replica(at).tick();
  }

  /** More than the deadline of an exchange: a call that waited so long would be decided without the others. */
  pass(at: number): void {
    if (this.waiting === 0) this.nowMs += at * 150;
  }

  answer(at: number): void {
    this.lines[at % this.lines.length]?.shift()?.answer(false);
  }

  answerLate(at: number): void {
    this.lines[at % this.lines.length]?.shift()?.answer(true);
  }

  lose(at: number): void {
    this.lines[at % this.lines.length]?.shift()?.lose();
  }

  /** Until nothing is under way any more. */
  async settle(): Promise<void> {
    let rounds = 0;
    do {
      if (++rounds > mostRounds) throw new Error("exchanges follow each other without end");
      await turn();
      for (const line of this.lines) line.shift()?.answer(false);
      await turn();
    } while (this.lines.some((line) => line.length > 0));
  }

  /** Until all that is not used has been given back. */
  async rest(): Promise<void> {
    for (let each = 0; each < 4; each++) {
      this.nowMs += 300;
      for (const replica of this.replicas) replica.tick();
      await this.settle();
    }
  }

  #make(at: number): LimitsOverReplicas {
    return new LimitsOverReplicas({
      isUp: () => true,
      exchange: (asks, options) => this.#exchange(at, asks, options),
      deadlineMs: 25,
      nowMs: () => this.nowMs,
      onDecision: () => undefined,
      onReplicas: () => undefined,
    });
  }

  #replica(at: number): LimitsOverReplicas {
    const found = this.replicas[at % this.replicas.length];
    if (found === undefined) throw new Error("there is no replica");
    return found;
  }

  #exchange(at: number, asks: readonly LeaseAsk[], { onLate }: ExchangeOptions): Promise<ExchangeReply> {
    return new Promise((resolve, reject) => {
      this.lines[at]?.push({
        answer: (isLate) => {
          const reply = this.counts.exchange(String(at), asks, this.nowMs);
          if (!isLate) resolve(reply);
          else {
            reject(new Error("late"));
            queueMicrotask(() => onLate(reply));
          }
        },
        lose: () => reject(new Error("lost")),
      });
    });
  }

  #onDecision(at: number, { hold }: LimitDecision): void {
    if (hold === undefined) {
      this.refused++;
      return;
    }
    this.active[at % this.active.length]?.push(hold);
    this.passedAtMs.push(this.nowMs);
  }
}

/** Lets what was promised and what is sent at the end of a turn happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The most that passed within any minute. */
function mostInMinute(passedAtMs: readonly number[]): number {
  return Math.max(
    0,
    ...passedAtMs.map(
      (fromMs, first) => passedAtMs.slice(first).filter((atMs) => atMs < fromMs + minuteMs).length,
    ),
  );
}

const good = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("call" as const), at: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("end" as const), at: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("answer" as const), at: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("tick" as const), at: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("pass" as const), at: fc.nat(9) }) },
);
const bad = fc.oneof(
  { weight: 8, arbitrary: good },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("lose" as const), at: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("answerLate" as const), at: fc.nat(2) }) },
);

describe("limits over replicas", () => {
  test("while the counts answer, never more is let in than the limits say, wherever calls come to", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(good, { maxLength: 120 }),
        async (count, steps) => {
          const cluster = new Cluster(count);
          for (const { does, at } of steps) {
            cluster[does](at);
            await turn();
            expect(cluster.inFlight).toBeLessThanOrEqual(6);
          }
          await cluster.settle();
          expect(cluster.inFlight).toBeLessThanOrEqual(6);
          expect(cluster.waiting).toBe(0);
          expect(mostInMinute(cluster.passedAtMs)).toBeLessThanOrEqual(20);
        },
      ),
      { numRuns: 20000 },
    );
  });

  test("a limit whose first call waits for an answer is not forgotten meanwhile", async () => {
    const cluster = new Cluster(1);
    cluster.call(0);
    await turn();
    // The first tick sweeps.
    cluster.tick(0);
    for (let each = 0; each < 6; each++) cluster.call(0);
    await cluster.settle();
    expect([cluster.inFlight, cluster.refused]).toEqual([6, 1]);
  });

  test("what was lent ahead to a limit whose first call had to wait is given back when it is idle", async () => {
    const cluster = new Cluster(1);
    for (const step of ["call", "tick", "answer", "end"] as const) {
      cluster[step](0);
      await turn();
    }
    await cluster.settle();
    await cluster.rest();
    cluster.nowMs += 3 * minuteMs;
    for (let each = 0; each < 30; each++) {
      cluster.call(0, 0);
      await cluster.settle();
      cluster.end(0, 0);
    }
    expect(cluster.passedAtMs.length - 1).toBe(20);
  });

  test("with exchanges lost and late, no minute sees more than twice the limit, and nothing is lost for good", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(bad, { maxLength: 120 }),
        async (count, steps) => {
          const cluster = new Cluster(count);
          for (const { does, at } of steps) {
            cluster[does](at);
            await turn();
          }
          await cluster.settle();
          expect(cluster.waiting).toBe(0);
          expect(mostInMinute(cluster.passedAtMs)).toBeLessThanOrEqual(40);
          for (let at = 0; at < count; at++) while ((cluster.active[at]?.length ?? 0) > 0) cluster.end(at, 0);
          await cluster.rest();
          cluster.nowMs += 3 * minuteMs;
          const before = cluster.passedAtMs.length;
          // All of the limit can be had from one replica, and not one more.
          for (let each = 0; each < 30; each++) {
            cluster.call(0, 0);
            await cluster.settle();
            cluster.end(0, 0);
          }
          expect(cluster.passedAtMs.length - before).toBe(20);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("what a call did not use of its estimate comes back to all, and what it used beyond is a debt of all", async () => {
    const cluster = new Cluster(2);
    cluster.call(0, 900);
    await cluster.settle();
    cluster.call(1, 300);
    await cluster.settle();
    expect([cluster.inFlight, cluster.refused]).toEqual([1, 1]);
    cluster.end(0, 100);
    await cluster.rest();
    cluster.call(1, 800);
    await cluster.settle();
    expect(cluster.inFlight).toBe(1);
    cluster.end(1, 2_900);
    await cluster.rest();
    cluster.nowMs += minuteMs;
    cluster.call(0, 1);
    await cluster.settle();
    expect([cluster.inFlight, cluster.refused]).toEqual([0, 2]);
    cluster.nowMs += 2 * minuteMs;
    cluster.call(0, 1);
    await cluster.settle();
    expect(cluster.inFlight).toBe(1);
  });

  test("when the counts lose everything, they are told what was used within the minute, also long before", async () => {
    const cluster = new Cluster(2);
    for (let each = 0; each < 12; each++) {
      cluster.call(0, 0);
      await cluster.settle();
      cluster.end(0, 0);
    }
    for (let each = 0; each < 10; each++) await cluster.rest();
    cluster.counts.forget();
    for (let each = 0; each < 5; each++) await cluster.rest();
    for (let each = 0; each < 20; each++) {
      cluster.call(1, 0);
      await cluster.settle();
      cluster.end(1, 0);
    }
    expect([cluster.passedAtMs.length, cluster.refused]).toEqual([20, 12]);
  });

  test("until all have told what they used, each keeps to its share, also when the counts are back", async () => {
    const cluster = new Cluster(2);
    for (const at of [0, 1]) cluster.call(at, 0);
    await cluster.settle();
    for (const at of [0, 1]) cluster.end(at, 0);
    await cluster.rest();
    cluster.counts.forget();
    // The other replica has not told yet: what it used is not known to the counts.
    cluster.nowMs += 300;
    cluster.tick(0);
    cluster.call(0, 0);
    await cluster.settle();
    for (let each = 0; each < 30; each++) {
      cluster.end(0, 0);
      cluster.call(0, 0);
    }
    expect([cluster.waiting, cluster.passedAtMs.length]).toEqual([0, 11]);
  });

  test("a call that the last exchange failed for waits for none, and is counted within this replica's share", async () => {
    const cluster = new Cluster(2);
    for (const replica of cluster.replicas) replica.tick();
    await cluster.settle();
    cluster.call(0);
    await turn();
    cluster.lose(0);
    await turn();
    expect(cluster.inFlight).toBe(1);
    for (let each = 0; each < 20; each++) {
      cluster.call(0);
      cluster.end(0);
    }
    expect([cluster.waiting, cluster.passedAtMs.length]).toEqual([0, 10]);
  });
});
