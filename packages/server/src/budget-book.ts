import type { JsonObject, Log } from "@llm-platform/kit";
import { periodStart } from "./core/budget-period.ts";
import { BudgetTable } from "./core/budget-table.ts";
import type { Budget, BudgetCounter, BudgetNotice, BudgetUse } from "./core/budgets.ts";
import type { BudgetChange, BudgetStore } from "./store/budget-store.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

export interface BudgetBookParts {
  readonly store: BudgetStore;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly log: Log;
  /** Wall time. */
  nowMs(): number;
  /** Writes an event down, and tells it to who listens. */
  publish(event: { readonly integration: string; readonly type: string; readonly data: JsonObject }): void;
}

/** The budgets as they are stored, counted and told of: one for all processes of a host. */
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
}

/** Of so many budgets the gauges are shown, by name. */
const mostGauges = 500;
const microsPerUnit = 1_000_000;

/** Reads the budgets and what is spent of them, which begins with the ledger as it is. Rejects with PlatformError `unavailable`. */
export async function openBudgetBook(parts: BudgetBookParts): Promise<BudgetBook> {
  const { store, nowMs } = parts;
  const table = new BudgetTable({ onNotice: (notice) => tell(notice, parts) });
  const state = { budgets: await store.list() };
  const listeners: ((budgets: readonly Budget[]) => void)[] = [];

  async function changed<Result>(change: Promise<Result>): Promise<Result> {
    const result = await change;
    state.budgets = await store.list();
    table.replace(state.budgets, nowMs());
    for (const listener of listeners) listener(state.budgets);
    return result;
  }

  table.replace(state.budgets, nowMs());
  const starts = state.budgets.map(({ period }) => periodStart(period, nowMs()));
  if (starts.length > 0) for (const spend of await store.spends(starts)) table.restore(spend);
  store.onRecorded((attempts) => table.noteRecorded(attempts));
  const book: BudgetBook = {
    get budgets() {
      return state.budgets;
    },
    counter: table,
    use: (id) => table.use(id, nowMs()),
    insert: (budget) => changed(store.insert(budget)),
    update: (id, change) => changed(store.update(id, change)),
    delete: (id) => changed(store.delete(id)),
    onChange(listener) {
      listeners.push(listener);
    },
  };
  collectBudgetGauges(book, parts);
  return book;
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
