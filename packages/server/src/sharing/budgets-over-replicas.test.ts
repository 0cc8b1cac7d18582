import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BudgetAnswer, BudgetAsk } from "../core/budget-lease.ts";
import { BudgetTable } from "../core/budget-table.ts";
import type { Budget, BudgetDecision, BudgetDemand, BudgetHold } from "../core/budgets.ts";
import { BudgetsOverReplicas } from "./budgets-over-replicas.ts";
import { SharedBudgetCounts } from "./shared-budgets.test-data.ts";

const amount = 1_000;
const budget: Budget = {
  id: "b",
  name: "b",
  scope: "global",
  subject: "",
  period: "total",
  amountMicros: amount,
  currency: "USD",
  warnAtPercents: [],
  action: "block",
  createdAtMs: 0,
};
const mostRounds = 200;

interface Exchange {
  answer(): void;
  /** It is heard, and its answer lost; or it is not heard at all. */
  lose(isHeard: boolean): void;
}

interface InFlight {
  readonly hold: BudgetHold;
  readonly micros: number;
}

interface Replica {
  readonly name: string;
  readonly table: BudgetTable;
  readonly budgets: BudgetsOverReplicas;
  /** Exchanges under way. */
  readonly line: Exchange[];
  readonly active: InFlight[];
  /** Attempts that are not in the ledger. */
  readonly unrecorded: { readonly attemptId: string; readonly micros: number }[];
}

/** Replicas with one ledger, over lines on which exchanges are answered when the test says so. */
class Cluster {
  readonly counts = new SharedBudgetCounts();
  readonly replicas: Replica[];
  recorded = 0;
  spent = 0;
  refused = 0;
  waiting = 0;
  nowMs = 0;
  #names = 0;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    this.replicas = Array.from({ length: count }, () => this.#make());
  }

  get reserved(): number {
    return this.replicas.flatMap(({ active }) => active).reduce((sum, { micros }) => sum + micros, 0);
  }

  call(at: number, micros = 90): void {
    const replica = this.#replica(at);
    const demand: BudgetDemand = {
      required: [{ budgetId: "b", micros }],
      integrations: [],
      hasOtherWay: true,
    };
    const onDecision = ({ hold }: BudgetDecision) => {
      if (hold === undefined) this.refused++;
      else replica.active.push({ hold, micros });
    };
    const decision = replica.budgets.reserve(demand, 0);
    if (!(decision instanceof Promise)) {
      onDecision(decision);
      return;
    }
    this.waiting++;
    void decision.then((each) => {
      this.waiting--;
      onDecision(each);
    });
  }

  end(at: number, cost = 60): void {
    const replica = this.#replica(at);
    const ended = replica.active.shift();
    if (ended === undefined) return;
    const micros = Math.min(cost, ended.micros);
    const attemptId = `${this.#names++}.1`;
    ended.hold.settle(attemptId, [{ budgetId: "b", periodStartMs: 0, micros, isAssumed: false }]);
    ended.hold.release();
    this.spent += micros;
    replica.unrecorded.push({ attemptId, micros });
  }

  record(at: number): void {
    const { table, unrecorded } = this.#replica(at);
    const attempts = unrecorded.splice(0);
    const addedMicros = attempts.reduce((sum, { micros }) => sum + micros, 0);
    if (addedMicros === 0) return;
    this.recorded += addedMicros;
    table.noteRecorded(
      attempts.map(({ attemptId, micros }) => ({
        attemptId,
        charges: [{ budgetId: "b", periodStartMs: 0, micros, isAssumed: false }],
      })),
      [{ budgetId: "b", periodStartMs: 0, spentMicros: this.recorded, assumedMicros: 0, addedMicros }],
    );
  }

  read(at: number): void {
    const spends = [{ budgetId: "b", periodStartMs: 0, spentMicros: this.recorded, assumedMicros: 0 }];
    this.#replica(at).table.restate(spends, 0);
  }

  tick(at: number): void {
    this.#replica(at).budgets.tick();
  }

  pass(at: number): void {
    this.nowMs += at * 150;
  }

  answer(at: number): void {
    this.#replica(at).line.shift()?.answer();
  }

  lose(at: number): void {
    this.#replica(at).line.shift()?.lose(false);
  }

  loseAnswer(at: number): void {
    this.#replica(at).line.shift()?.lose(true);
  }

  /** A replica is killed; another begins in its place. What it had spent without a row comes into the ledger. */
  kill(at: number): void {
    const killed = this.#replica(at);
    this.counts.bury(killed.name);
    this.recorded += killed.unrecorded.reduce((sum, { micros }) => sum + micros, 0);
    this.replicas[at % this.replicas.length] = this.#make();
  }

  /** Until nothing is under way any more. */
  async settle(): Promise<void> {
    let rounds = 0;
    do {
      if (++rounds > mostRounds) throw new Error("exchanges follow each other without end");
      await turn();
      for (const { line } of this.replicas) line.shift()?.answer();
      await turn();
    } while (this.replicas.some(({ line }) => line.length > 0));
  }

  /** Until what is not used has been given back. */
  async rest(): Promise<void> {
    for (let each = 0; each < 6; each++) {
      this.nowMs += 1_100;
      for (const at of this.replicas.keys()) this.read(at);
      for (const { budgets } of this.replicas) budgets.tick();
      await this.settle();
    }
  }

  #make(): Replica {
    const name = String(this.#names++);
    const table = new BudgetTable({ isShared: true, onNotice: () => undefined });
    table.replace([budget], 0);
    table.restate([{ budgetId: "b", periodStartMs: 0, spentMicros: this.recorded, assumedMicros: 0 }], 0);
    const line: Exchange[] = [];
    const budgets = new BudgetsOverReplicas({
      table,
      isUp: () => true,
      exchange: (asks) => this.#exchange(name, line, asks),
      replicas: () => this.#count,
      deadlineMs: 25,
      nowMs: () => this.nowMs,
      wallMs: () => 0,
      onDecision: () => undefined,
    });
    return { name, table, budgets, line, active: [], unrecorded: [] };
  }

  #replica(at: number): Replica {
    const found = this.replicas[at % this.replicas.length];
    if (found === undefined) throw new Error("there is no replica");
    return found;
  }

  #exchange(name: string, line: Exchange[], asks: readonly BudgetAsk[]): Promise<readonly BudgetAnswer[]> {
    return new Promise((resolve, reject) => {
      line.push({
        answer: () => resolve(this.counts.exchange(name, asks)),
        lose: (isHeard) => {
          if (isHeard) this.counts.exchange(name, asks);
          reject(new Error("lost"));
        },
      });
    });
  }
}

/** Lets what was promised and what is sent at the end of a turn happen. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function step<Name extends string>(does: Name, weight: number) {
  return { weight, arbitrary: fc.record({ does: fc.constant(does), at: fc.nat(2) }) };
}

const good = fc.oneof(
  step("call", 6),
  step("end", 5),
  step("answer", 7),
  step("record", 1),
  step("read", 1),
  step("tick", 2),
  step("pass", 2),
);
const bad = fc.oneof({ weight: 8, arbitrary: good }, step("lose", 1), step("loseAnswer", 1));

describe("budgets over replicas", () => {
  test("while the counts answer, never more is spent and reserved than there is, wherever calls come to", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(good, { maxLength: 150, size: "max" }),
        async (count, steps) => {
          const cluster = new Cluster(count);
          for (const { does, at } of steps) {
            cluster[does](at);
            await turn();
            expect(cluster.spent + cluster.reserved).toBeLessThanOrEqual(amount);
          }
          await cluster.settle();
          expect(cluster.spent + cluster.reserved).toBeLessThanOrEqual(amount);
          expect(cluster.waiting).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("with exchanges lost and late at most twice the amount goes, and nothing of it is lost for good", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(bad, { maxLength: 150, size: "max" }),
        async (count, steps) => {
          const cluster = new Cluster(count);
          // Each has told once: what was spent before that, and was recorded just now, may count twice.
          await cluster.rest();
          for (const { does, at } of steps) {
            cluster[does](at);
            await turn();
            expect(cluster.spent + cluster.reserved).toBeLessThanOrEqual(2 * amount);
          }
          await cluster.settle();
          expect(cluster.waiting).toBe(0);
          for (const at of cluster.replicas.keys())
            while (cluster.reserved > 0 && cluster.replicas[at]?.active.length !== 0) cluster.end(at);
          await cluster.rest();
          for (const { budgets } of cluster.replicas)
            expect(budgets.use("b", 0)).toMatchObject({ spentMicros: cluster.spent, reservedMicros: 0 });
          // What is left can be had to the last call from one replica.
          const left = Math.max(0, amount - cluster.spent);
          for (let each = 0; each < 13; each++) {
            cluster.call(0);
            await cluster.settle();
          }
          expect(cluster.reserved).toBe(Math.floor(left / 90) * 90);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a call that the last exchange failed for waits for none, and goes on within this replica's share", async () => {
    const cluster = new Cluster(2);
    for (const at of [0, 1]) cluster.tick(at);
    await cluster.settle();
    for (const at of [0, 1]) {
      cluster.tick(at);
      cluster.call(at, 100);
    }
    await cluster.rest();
    expect([cluster.reserved, cluster.waiting]).toEqual([200, 0]);
    for (const at of [0, 1]) {
      cluster.call(at, 100);
      await turn();
      cluster.lose(at);
      await turn();
      for (let each = 0; each < 20; each++) cluster.call(at, 100);
    }
    expect([cluster.reserved, cluster.waiting]).toEqual([amount, 0]);
    // When they answer again they are told, and nothing is let in twice.
    for (const at of [0, 1]) while (cluster.replicas[at]?.active.length !== 0) cluster.end(at, 100);
    await cluster.rest();
    cluster.call(0, 1);
    await cluster.settle();
    expect([cluster.spent, cluster.reserved]).toEqual([amount, 0]);
  });

  test("what lies with two replicas in parts too small for a call comes together for the next one", async () => {
    const cluster = new Cluster(2);
    for (let each = 0; each < 2; each++) {
      cluster.call(0, 400);
      await cluster.settle();
      cluster.end(0, 400);
    }
    // The first has some of the 200 that are left ahead; the second finds the rest, which is not enough.
    cluster.call(1, 180);
    await cluster.settle();
    expect([cluster.refused, cluster.reserved]).toEqual([1, 0]);
    cluster.call(0, 180);
    await cluster.settle();
    expect([cluster.refused, cluster.reserved]).toEqual([1, 180]);
  });

  test("what a replica that was killed had reserved is free, and what it had spent is counted", async () => {
    const cluster = new Cluster(2);
    for (let each = 0; each < 5; each++) {
      cluster.call(0, 100);
      await cluster.settle();
    }
    cluster.end(0, 100);
    cluster.tick(0);
    await cluster.settle();
    // Told to nobody.
    cluster.end(0, 100);
    cluster.kill(0);
    await cluster.rest();
    for (let each = 0; each < 20; each++) {
      cluster.call(1, 100);
      await cluster.settle();
    }
    expect([cluster.spent, cluster.reserved]).toEqual([200, 800]);
  });

  test("counts that were forgotten begin with the ledger, and are told by each what is not in it", async () => {
    const cluster = new Cluster(2);
    for (const at of [0, 1]) {
      for (let each = 0; each < 3; each++) {
        cluster.call(at, 100);
        await cluster.settle();
      }
      cluster.end(at, 100);
      cluster.record(at);
      cluster.nowMs += 10_000;
      cluster.end(at, 100);
    }
    await cluster.rest();
    cluster.counts.forget();
    await cluster.rest();
    expect(cluster.replicas[0]?.budgets.use("b", 0)).toMatchObject({
      spentMicros: 400,
      reservedMicros: 200,
    });
    for (let each = 0; each < 20; each++) {
      cluster.call(1, 100);
      await cluster.settle();
    }
    expect([cluster.spent, cluster.reserved]).toEqual([400, 600]);
  });

  test("more money is there for the next call", async () => {
    const cluster = new Cluster(1);
    cluster.call(0, amount + 1);
    await cluster.settle();
    expect(cluster.refused).toBe(1);
    cluster.replicas[0]?.table.replace([{ ...budget, amountMicros: amount + 1 }], 0);
    cluster.call(0, amount + 1);
    await cluster.settle();
    expect(cluster.reserved).toBe(amount + 1);
  });
});
