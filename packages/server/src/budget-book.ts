import type { JsonObject, Log } from "@llm-platform/kit";
import { periodStart } from "./core/budget-period.ts";
import { BudgetTable } from "./core/budget-table.ts";
import type { Budget, BudgetCounter, BudgetNotice, BudgetSpend, BudgetUse } from "./core/budgets.ts";
import { createTurns } from "./core/turns.ts";
import type { Sharing } from "./sharing/sharing.ts";
import type { BudgetChange } from "./store/budget-store.ts";
import type { Store } from "./store/store.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

export interface BudgetBookParts {
  readonly store: Pick<Store, "budgets" | "changes" | "isShared">;
  readonly sharing: Pick<Sharing, "shareBudgets">;
  /** Whether attempts come into the ledger. Where they do not, nobody learns from there what others spend. */
  readonly isRecording: boolean;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly log: Log;
  /** Wall time. */
  nowMs(): number;
  /** Writes an event down, and tells it to who listens. */
  publish(event: { readonly integration: string; readonly type: string; readonly data: JsonObject }): void;
}

/** The budgets as they are stored, counted and told of: one for all processes of a host. Other replicas' changes are taken over. */
export interface BudgetBook {
  readonly budgets: readonly Budget[];
  readonly counter: BudgetCounter;
  /** Undefined for a budget that there is not. */
  use(id: string): BudgetUse | undefined;
  /** Rejects as the store does; so do the other changes. They bite on the next call. */
  insert(budget: Budget): Promise<void>;
  update(id: string, change: BudgetChange): Promise<Budget | undefined>;
  delete(id: string): Promise<boolean>;
  /** Calls `listener` when the budgets are others. */
  onChange(listener: (budgets: readonly Budget[]) => void): void;
  /** Resolves when nothing is being read any more. */
  stop(): Promise<void>;
}

/** How often is read what other replicas have spent. */
const readEveryMs = 1_000;
/** Of so many budgets the gauges are shown, by name. */
const mostGauges = 500;
const microsPerUnit = 1_000_000;

/** Reads the budgets and what is spent of them, which begins with the ledger as it is. Rejects with PlatformError `unavailable`. */
export async function openBudgetBook(parts: BudgetBookParts): Promise<BudgetBook> {
  const { store, sharing, nowMs, log } = parts;
  const { budgets: rows, changes } = store;
  const isShared = store.isShared && parts.isRecording;
  const table = new BudgetTable({ isShared, onNotice: (notice) => tell(notice, parts) });
  const counter = store.isShared ? sharing.shareBudgets(table) : table;
  const state = { budgets: await rows.list() };
  const listeners: ((budgets: readonly Budget[]) => void)[] = [];
  const turns = createTurns();

  const reload = (isChangedHere: boolean) =>
    turns.take(async () => {
      state.budgets = await rows.list();
      table.replace(state.budgets, nowMs(), isChangedHere);
      for (const listener of listeners) listener(state.budgets);
    });

  async function changed<Result>(change: Promise<Result>): Promise<Result> {
    const result = await change;
    await reload(true);
    await changes.announce("budgets").catch((error: unknown) => log.warn("budgets.not_announced", { error }));
    return result;
  }

  const readSpends = () =>
    turns.take(async () => {
      const starts = state.budgets.map(({ period }) => periodStart(period, nowMs()));
      return starts.length === 0 ? [] : rows.spends(starts);
    });

  table.replace(state.budgets, nowMs());
  for (const spend of await readSpends()) table.restore(spend);
  rows.onRecorded((attempts, totals) => table.noteRecorded(attempts, totals));
  rows.onKept((records) => {
    for (const { attemptId, charges } of records) if (charges !== undefined) table.noteKept(attemptId);
  });
  // What is not read now is read with the next change, or when notices are heard again.
  changes.onRemote("budgets", () => {
    reload(false).catch((error: unknown) => log.warn("budgets.not_read", { error }));
  });
  const follower = isShared
    ? followSpends(readSpends, (spends) => table.restate(spends, nowMs()))
    : undefined;
  const book: BudgetBook = {
    get budgets() {
      return state.budgets;
    },
    counter,
    use: (id) => counter.use(id, nowMs()),
    insert: (budget) => changed(rows.insert(budget)),
    update: (id, change) => changed(rows.update(id, change)),
    delete: (id) => changed(rows.delete(id)),
    onChange(listener) {
      listeners.push(listener);
    },
    async stop() {
      await follower?.stop();
    },
  };
  collectBudgetGauges(book, parts);
  return book;
}

/** While the ledger cannot be read what others spend is not known, and each counts on from what it knew. */
function followSpends(
  read: () => Promise<readonly BudgetSpend[]>,
  take: (spends: readonly BudgetSpend[]) => void,
): { stop(): Promise<void> } {
  const state: { reading: Promise<void> | undefined } = { reading: undefined };
  const timer = setInterval(() => {
    state.reading ??= read()
      .then(take, () => undefined)
      .finally(() => {
        state.reading = undefined;
      });
  }, readEveryMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await state.reading;
    },
  };
}

function tell(
  { type, budget, percent, periodStartMs, spentMicros }: BudgetNotice,
  { metrics, log, publish }: BudgetBookParts,
): void {
  const { name, scope, subject, currency, amountMicros, action } = budget;
  metrics.budgetNotices.series(name, type === "exhausted" ? "exhausted" : String(percent)).add();
  const facts = {
    budget: name,
    percent,
    spent_micros: spentMicros,
    amount_micros: amountMicros,
    currency,
    action,
    period_start: new Date(periodStartMs).toISOString(),
  };
  log.warn(`budget.${type}`, facts);
  publish({
    integration: scope === "integration" ? subject : "",
    type: `budget.${type}`,
    data: { budget_id: budget.id, scope, subject, ...facts },
  });
}

function collectBudgetGauges(book: BudgetBook, { registry, metrics }: BudgetBookParts): void {
  registry.onCollect(() => {
    for (const each of [metrics.budgetLimit, metrics.budgetSpent, metrics.budgetReserved]) each.clear();
    for (const { id, name, currency, amountMicros } of book.budgets.slice(0, mostGauges)) {
      const use = book.use(id);
      metrics.budgetLimit.series(name, currency).set(amountMicros / microsPerUnit);
      metrics.budgetSpent.series(name, currency).set((use?.spentMicros ?? 0) / microsPerUnit);
      metrics.budgetReserved.series(name, currency).set((use?.reservedMicros ?? 0) / microsPerUnit);
    }
  });
}
