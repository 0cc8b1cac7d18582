import { PlatformError } from "@llm-platform/kit";
import type { Kysely, Selectable } from "kysely";
import {
  type Budget,
  budgetActions,
  budgetPeriods,
  budgetScopes,
  type BudgetSpend,
  type RecordedSpend,
} from "../core/budgets.ts";
import type { ChargedAttempt } from "../core/budget-table.ts";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { createTurns, type Turns } from "../core/turns.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { BudgetRow, Tables } from "./tables.ts";

/** What of a budget can be changed: what it counts, and when it begins anew, cannot. */
export interface BudgetChange {
  readonly name?: string | undefined;
  readonly amountMicros?: number | undefined;
  readonly warnAtPercents?: readonly number[] | undefined;
  readonly action?: Budget["action"] | undefined;
}

/** Budgets and what is spent of them. Promises reject with PlatformError `unavailable` when the database does not answer. */
export interface BudgetStore {
  /** Rejects with PlatformError `conflict` when the name is taken. */
  insert(budget: Budget): Promise<void>;
  /** All of them, in the order of their names. */
  list(): Promise<readonly Budget[]>;
  /** Resolves with the budget as changed; undefined when there is none. Rejects with `conflict` when the name is taken. */
  update(id: string, change: BudgetChange): Promise<Budget | undefined>;
  /** With what is known of its use. Resolves with whether there was one. */
  delete(id: string): Promise<boolean>;
  /**
   * What is in the ledger, of all periods of these budgets that began at these times: with everything that listeners were
   * told to be recorded, and nothing else of this server's.
   */
  spends(periodStartsMs: readonly number[]): Promise<readonly BudgetSpend[]>;
  /** Calls `listener` after each transaction that brought attempts into the ledger. */
  onRecorded(listener: RecordedListener): void;
  /** To be called by who inserts. */
  readonly noteRecorded: RecordedListener;
  /** Calls `listener` with records that certainly stand in the ledger, also those that were there already. */
  onKept(listener: (records: readonly LedgerRecord[]) => void): void;
  /** To be called by who inserts into a ledger that can have taken them without saying so. */
  noteKept(records: readonly LedgerRecord[]): void;
}

/**
 * @param attempts that were not in the ledger before
 * @param totals what it has then of what they count for, where others add to it too
 */
export type RecordedListener = (
  attempts: readonly ChargedAttempt[],
  totals?: readonly RecordedSpend[],
) => void;

/** @param turns those of the inserts: what is read while something is being written may have it or not */
export function createBudgetStore(database: Kysely<Tables>, turns: Turns = createTurns()): BudgetStore {
  const listeners: RecordedListener[] = [];
  const keptListeners: ((records: readonly LedgerRecord[]) => void)[] = [];
  return {
    insert: (budget) =>
      guardStorageLater(async () => {
        await refuseTakenName(database, budget.name, budget.id);
        await database.insertInto("budgets").values(toRow(budget)).execute();
      }),
    list: () =>
      guardStorageLater(async () => {
        const rows = await database.selectFrom("budgets").selectAll().orderBy("name").execute();
        return rows.map(toBudget);
      }),
    update: (id, change) => guardStorageLater(() => updateBudget(database, id, change)),
    delete: (id) =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("budgets")
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        // With those of budgets before, of which calls were still in flight.
        await database
          .deleteFrom("budget_spend")
          .where("budget_id", "not in", (builder) => builder.selectFrom("budgets").select("id"))
          .execute();
        return numDeletedRows > 0n;
      }),
    spends: (periodStartsMs) =>
      turns.take(() =>
        guardStorageLater(async () => {
          const rows = await database
            .selectFrom("budget_spend")
            .selectAll()
            .where("period_start_ms", "in", [...new Set(periodStartsMs)])
            .execute();
          return rows.map((row) => ({
            budgetId: row.budget_id,
            periodStartMs: row.period_start_ms,
            spentMicros: row.spent_micros,
            assumedMicros: row.assumed_micros,
          }));
        }),
      ),
    onRecorded(listener) {
      listeners.push(listener);
    },
    noteRecorded(attempts, totals) {
      for (const listener of listeners) listener(attempts, totals);
    },
    onKept(listener) {
      keptListeners.push(listener);
    },
    noteKept(records) {
      for (const listener of keptListeners) listener(records);
    },
  };
}

async function updateBudget(
  database: Kysely<Tables>,
  id: string,
  { name, amountMicros, warnAtPercents, action }: BudgetChange,
): Promise<Budget | undefined> {
  if (name !== undefined) await refuseTakenName(database, name, id);
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(amountMicros === undefined ? {} : { amount_micros: amountMicros }),
    ...(warnAtPercents === undefined ? {} : { warn_at_percents: JSON.stringify(warnAtPercents) }),
    ...(action === undefined ? {} : { action }),
  };
  const row =
    Object.keys(change).length === 0
      ? await database.selectFrom("budgets").selectAll().where("id", "=", id).executeTakeFirst()
      : await database
          .updateTable("budgets")
          .set(change)
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirst();
  return row === undefined ? undefined : toBudget(row);
}

/** Two that come at once are told apart by the index of the names. */
async function refuseTakenName(database: Kysely<Tables>, name: string, ownId: string): Promise<void> {
  const other = await database
    .selectFrom("budgets")
    .select("id")
    .where("name", "=", name)
    .where("id", "!=", ownId)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new PlatformError("conflict", `There is a budget with the name ${name}.`, { field: "name" });
}

function toRow(budget: Budget): BudgetRow {
  return {
    id: budget.id,
    name: budget.name,
    scope: budget.scope,
    subject: budget.subject,
    period: budget.period,
    amount_micros: budget.amountMicros,
    currency: budget.currency,
    warn_at_percents: JSON.stringify(budget.warnAtPercents),
    action: budget.action,
    created_at_ms: budget.createdAtMs,
  };
}

/** A budget of which the row says what this version does not know counts all calls, for ever, and warns. */
function toBudget(row: Selectable<BudgetRow>): Budget {
  return {
    id: row.id,
    name: row.name,
    scope: budgetScopes.find((scope) => scope === row.scope) ?? "global",
    subject: row.subject,
    period: budgetPeriods.find((period) => period === row.period) ?? "total",
    amountMicros: row.amount_micros,
    currency: row.currency,
    // Only numbers are written there.
    warnAtPercents: JSON.parse(row.warn_at_percents),
    action: budgetActions.find((action) => action === row.action) ?? "warn",
    createdAtMs: row.created_at_ms,
  };
}
