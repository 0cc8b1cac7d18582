import { Cancellation, toPlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BudgetTable } from "../core/budget-table.ts";
import type { Budget, BudgetDemand } from "../core/budgets.ts";
import { type Limit, type LimitDemand, noLimits } from "../core/limits.ts";
import { LimitTable } from "../core/limit-table.ts";
import { localAdmin, type Principal } from "../core/principal.ts";
import type { CallLimits, LimitedCall } from "./call-limits.ts";
import { DemandTable } from "./demand-table.ts";
import { LeasedLimits } from "./leased-limits.ts";
import { SharedLimits } from "./shared-limits.ts";

const anybody: Principal = { ...localAdmin, id: "anybody", name: "anybody" };
const bounded: Principal = { ...localAdmin, id: "bounded", name: "bounded" };
const bounds: Limit = {
  ...noLimits,
  scope: "key",
  id: "bounded",
  requestsPerMinute: 5,
  tokensPerMinute: 1_000,
};
const tokensPerCall = 100;
const busy: Principal = { ...localAdmin, id: "busy", name: "busy" };
const busyBounds: Limit = { ...noLimits, scope: "user", id: "busy", maxConcurrent: 2 };

const spender: Principal = { ...localAdmin, id: "spender", name: "spender" };
const budget: Budget = {
  id: "budget_1",
  name: "small",
  scope: "key",
  subject: "spender",
  period: "total",
  amountMicros: 500,
  currency: "USD",
  warnAtPercents: [],
  action: "block",
  createdAtMs: 0,
};
const money: BudgetDemand = {
  required: [{ budgetId: budget.id, micros: 100 }],
  integrations: [],
  hasOtherWay: true,
};

function demandOf(principal: Principal): LimitDemand | undefined {
  if (principal === bounded) return { limits: [bounds], tokens: tokensPerCall };
  if (principal === spender) return { limits: [], tokens: 0, budgets: money };
  return principal === busy ? { limits: [busyBounds], tokens: 0 } : undefined;
}

function callOf(principal: Principal): LimitedCall {
  const cancellation = new Cancellation();
  return {
    principal,
    cancellation,
    estimatedInputTokens: 0,
    usedTokens: 0,
    limit: undefined,
    hold: undefined,
    queuedMs: 0,
  };
}

interface Pending {
  readonly process: number;
  /** The most that were in flight, or wanted to be, at any moment since it asked. */
  mostWanted: number;
}

/** Processes that share limits, over lines on which messages arrive when the test says so. */
class Host {
  readonly limit: number;
  readonly shared: SharedLimits<number>;
  readonly workers: (LeasedLimits | undefined)[];
  /** Messages under way: to worker 1, from worker 1, to worker 2, … */
  readonly lines: (() => void)[][];
  /** Calls in flight, by process; the keeper is 0. */
  readonly active: number[];
  /** The calls themselves, by process. */
  readonly calls: LimitedCall[][];
  readonly pending = new Set<Pending>();
  readonly granted: LimitedCall[] = [];
  readonly refused: Pending[] = [];
  rateLimited = 0;
  readonly budgets = new BudgetTable({ onNotice: () => undefined });
  nowMs = 0;

  constructor(limit: number, workers: number) {
    this.limit = limit;
    this.active = Array.from({ length: workers + 1 }, () => 0);
    this.calls = Array.from({ length: workers + 1 }, () => []);
    this.lines = Array.from({ length: workers * 2 }, () => []);
    this.workers = Array.from({ length: workers }, (_, index) => this.#makeWorker(index));
    this.budgets.replace([budget], 0);
    this.shared = new SharedLimits<number>({
      maxInFlight: limit,
      counter: new DemandTable(new LimitTable(), this.budgets),
      holders: workers,
      lend: (worker, slots) => this.#to(worker, () => this.workers[worker]?.lend(slots)),
      recall: (worker, recall) => this.#to(worker, () => this.workers[worker]?.recall(recall)),
      answer: (worker, answers) =>
        this.#to(worker, () => {
          for (const each of answers) this.workers[worker]?.answer(each);
        }),
      nowMs: () => this.nowMs,
      after: () => undefined,
    });
  }

  #makeWorker(index: number): LeasedLimits {
    return new LeasedLimits({
      maxInFlight: this.limit,
      ask: (asks) => this.#from(index, () => this.shared.onAsks(index, asks)),
      report: (reports) => this.#from(index, () => this.shared.onReports(index, reports)),
      giveBack: (slots, round) => this.#from(index, () => this.shared.onReturned(index, slots, round)),
      giveUp: () => this.#from(index, () => this.shared.onGivenUp(index)),
    });
  }

  get inFlight(): number {
    return this.active.reduce((sum, count) => sum + count, 0);
  }

  /** A call of the key that has a limit. */
  enterBounded(process: number): void {
    this.enter(process, bounded);
  }

  /** A call of the user that may have two in flight. */
  enterBusy(process: number): void {
    this.enter(process, busy);
  }

  /** A call of the key that has money for five. */
  enterSpender(process: number): void {
    this.enter(process, spender);
  }

  get spenders(): number {
    return this.calls.flat().filter(({ principal }) => principal === spender).length;
  }

  get busy(): number {
    return this.calls.flat().filter(({ principal }) => principal === busy).length;
  }

  enter(process: number, principal = anybody): void {
    const limits = this.#limitsOf(process);
    if (limits === undefined) return;
    const call = callOf(principal);
    const pending: Pending = { process, mostWanted: 0 };
    this.pending.add(pending);
    this.#note();
    const begin = () => {
      if (!this.pending.delete(pending)) return;
      this.active[process] = (this.active[process] ?? 0) + 1;
      this.calls[process]?.push(call);
      this.granted.push(call);
    };
    const refuse = (error: unknown) => {
      if (!this.pending.delete(pending)) return;
      if (toPlatformError(error).code === "overloaded") this.refused.push(pending);
      else this.rateLimited++;
    };
    try {
      const entering = limits.enter(call, demandOf(principal));
      if (entering === undefined) begin();
      else entering.then(begin, refuse);
    } catch (error) {
      refuse(error);
    }
  }

  leave(process: number): void {
    if ((this.active[process] ?? 0) === 0) return;
    this.active[process] = (this.active[process] ?? 0) - 1;
    const call = this.calls[process]?.shift();
    if (call !== undefined) this.#limitsOf(process)?.leave(call);
  }

  deliver(line: number): void {
    this.lines[line]?.shift()?.();
  }

  /** Another process takes the place of one that was killed. */
  replace(worker: number): void {
    if (worker < this.workers.length) this.workers[worker] ??= this.#makeWorker(worker);
  }

  kill(worker: number): void {
    if (this.workers[worker] === undefined) return;
    this.workers[worker] = undefined;
    this.active[worker + 1] = 0;
    this.calls[worker + 1]?.splice(0);
    for (const pending of this.pending) if (pending.process === worker + 1) this.pending.delete(pending);
    // What it had sent still arrives before its end is known; what was on its way to it is lost.
    for (const arrive of this.lines[worker * 2 + 1]?.splice(0) ?? []) arrive();
    this.lines[worker * 2]?.splice(0);
    this.shared.drop(worker);
  }

  /** Until nothing is under way any more. */
  async settle(): Promise<void> {
    do {
      for (let line = 0; line < this.lines.length; line++) this.deliver(line);
      await turn();
    } while (this.lines.some((line) => line.length > 0));
  }

  #note(): void {
    const wanted = this.inFlight + this.pending.size - 1;
    for (const pending of this.pending) pending.mostWanted = Math.max(pending.mostWanted, wanted);
  }

  #limitsOf(process: number): CallLimits | undefined {
    return process === 0 ? this.shared : this.workers[process - 1];
  }

  #to(worker: number, message: () => void): void {
    this.lines[worker * 2]?.push(message);
  }

  #from(worker: number, message: () => void): void {
    this.lines[worker * 2 + 1]?.push(message);
  }
}

/** Lets what was promised and what is sent at the end of a turn happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant("enter" as const), at: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("leave" as const), at: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("deliver" as const), at: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("enterBounded" as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("enterBusy" as const), at: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("enterSpender" as const), at: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("kill" as const), at: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("replace" as const), at: fc.nat(2) }) },
);

describe("limits that several processes share", () => {
  test("never let in more than there may be, and refuse only who found every slot wanted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ limit: fc.integer({ min: 1, max: 6 }), workers: fc.integer({ min: 1, max: 3 }) }),
        fc.array(step, { maxLength: 60 }),
        async ({ limit, workers }, steps) => {
          const host = new Host(limit, workers);
          for (const { does, at } of steps) {
            host[does](at);
            await turn();
            expect(host.inFlight).toBeLessThanOrEqual(limit);
            expect(host.busy).toBeLessThanOrEqual(2);
            expect(host.spenders).toBeLessThanOrEqual(5);
          }
          await host.settle();
          expect(host.budgets.use(budget.id, 0)?.reservedMicros).toBe(100 * host.spenders);
          expect(host.pending.size).toBe(0);
          expect(host.granted.filter(({ principal }) => principal === bounded).length).toBeLessThanOrEqual(5);
          for (const { mostWanted } of host.refused) expect(mostWanted).toBeGreaterThanOrEqual(limit);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("once all is quiet, every slot can be had from any process, and not one more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ limit: fc.integer({ min: 1, max: 6 }), workers: fc.integer({ min: 1, max: 3 }) }),
        fc.array(step, { maxLength: 60 }),
        fc.nat(3),
        async ({ limit, workers }, steps, asker) => {
          const host = new Host(limit, workers);
          for (const { does, at } of steps) {
            host[does](at);
            await turn();
          }
          await host.settle();
          const held = host.busy;
          for (let each = 0; each < 3; each++) host.enterBusy(0);
          await host.settle();
          // Those of a process that was killed hold nothing any more.
          expect(host.busy).toBe(Math.min(2, held + Math.min(3, limit - host.inFlight + host.busy - held)));
          const process = host.workers[asker - 1] === undefined ? 0 : asker;
          const refusedBefore = host.refused.length;
          while (host.inFlight < limit) {
            const before = host.inFlight;
            host.enter(process);
            await host.settle();
            expect(host.inFlight).toBe(before + 1);
          }
          host.enter(process);
          await host.settle();
          expect(host.inFlight).toBe(limit);
          expect(host.refused.length).toBe(refusedBefore + 1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("where every process wants more than there is, each comes to have its share of it", async () => {
    const host = new Host(9, 2);
    for (let call = 0; call < 9; call++) host.enter(1);
    await host.settle();
    expect(host.active).toEqual([0, 9, 0]);
    // As their queues do.
    host.shared.onRoom(() => host.enter(0));
    for (const [index, worker] of host.workers.entries()) worker?.onRoom(() => host.enter(index + 1));
    for (let each = 0; each < 60; each++) {
      for (const process of [0, 1, 2]) host.enter(process);
      await host.settle();
      // Calls end where they are, and who has waited longest there takes the place at once.
      const process = each % 3;
      host.leave(process);
      host.enter(process);
      await host.settle();
    }
    expect(host.inFlight).toBe(9);
    for (const active of host.active) expect(active).toBeGreaterThanOrEqual(2);
  });

  test("a key's calls a minute are counted together, whichever process they come to", async () => {
    const host = new Host(100, 2);
    for (let call = 0; call < 12; call++) host.enter(call % 3, bounded);
    await host.settle();
    expect(host.granted.length).toBe(5);
    expect([host.rateLimited, host.refused.length]).toEqual([7, 0]);
    expect(host.granted.map(({ limit }) => limit?.requests?.remaining).sort()).toEqual([0, 1, 2, 3, 4]);
    // What was refused keeps no slot.
    for (const process of [0, 1, 2]) while ((host.active[process] ?? 0) > 0) host.leave(process);
    for (let call = 0; call < 100; call++) host.enter(call % 3);
    await host.settle();
    expect(host.inFlight).toBe(100);
  });

  test("tokens that a call did not use come back from any process, those of a dead one stay as estimated", async () => {
    const host = new Host(100, 2);
    for (const process of [0, 1, 2]) host.enter(process, bounded);
    await host.settle();
    const left = () => host.granted.at(-1)?.limit?.tokens?.remaining;
    expect(left()).toBe(1_000 - 3 * tokensPerCall);
    host.leave(0);
    host.leave(1);
    host.kill(1);
    await host.settle();
    host.enter(0, bounded);
    await host.settle();
    expect(left()).toBe(1_000 - 2 * tokensPerCall);
  });

  test("what attempts of any process cost is counted once, also when the process dies before it tells", async () => {
    const host = new Host(100, 2);
    for (const process of [0, 1, 2]) host.enter(process, spender);
    await host.settle();
    const charges = [{ budgetId: budget.id, periodStartMs: 0, micros: 30, isAssumed: false }];
    const spend = (process: number) => host.calls[process]?.[0]?.hold?.spend?.(`${process}.1`, charges);
    spend(0);
    spend(1);
    await host.settle();
    // Its message is lost with it; its record is found in its spool.
    spend(2);
    host.kill(1);
    host.leave(0);
    host.leave(1);
    await host.settle();
    const spent = () => host.budgets.use(budget.id, 0);
    expect(spent()).toMatchObject({ spentMicros: 60, reservedMicros: 0 });
    host.budgets.noteRecorded(["0.1", "1.1", "2.1"].map((attemptId) => ({ attemptId, charges })));
    expect(spent()).toMatchObject({ spentMicros: 90, reservedMicros: 0 });
  });

  test("a holder that does not answer delays a refusal by the bound of a round, and no longer", async () => {
    const rounds: (() => void)[] = [];
    const refusals: unknown[] = [];
    const shared = new SharedLimits<string>({
      maxInFlight: 1,
      counter: new LimitTable(),
      holders: 1,
      lend: () => undefined,
      recall: () => undefined,
      answer: () => undefined,
      nowMs: () => 0,
      after: (_delayMs, action) => void rounds.push(action),
    });
    shared.onAsks("silent", [{ id: 1, needsSlot: true, demand: undefined }]);
    const entering = shared.enter(callOf(anybody), undefined);
    entering?.catch((error: unknown) => refusals.push(error));
    await turn();
    expect(refusals).toEqual([]);
    for (const end of rounds) end();
    await turn();
    expect(refusals).toEqual([expect.objectContaining({ code: "overloaded" })]);
  });
});
