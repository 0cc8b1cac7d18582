import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { ChargedAttempt } from "../core/budget-table.ts";
import type { LedgerRecord } from "../core/ledger-record.ts";

import { chargedAttempts, chargedOf, createSpendWriter, sumCharges } from "./budget-spend.ts";

/** What one transaction put into the ledger. */
export interface InsertReport {
  /** Rows that were not there before. */
  readonly inserted: number;
  /** Of these, those that count for budgets. */
  readonly charged: readonly ChargedAttempt[];
}

/** Columns that differ from row to row, and those that many rows have alike. */
const ownColumns = [
  "attempt_id",
  "started_at_ms",
  "duration_ms",
  "first_byte_ms",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "cost_micros",
  "before_ms",
  "stages",
  "head_us",
  "notes",
];
const sharedColumns = [
  "principal",
  "operation",
  "requested_model",
  "integration",
  "provider",
  "upstream_model",
  "stream",
  "outcome",
  "http_status",
  "error_code",
  "usage_source",
  "currency",
  "price_version",
  "ends_call",
];

/**
 * Rows of one statement, of those that are alike. Measured: 32 rows a statement cost a fifth less than one, and binding
 * what they share once saves a quarter of that; SQLite's JSON functions cost ten times as much.
 */
const statementSizes = [32, 8, 1];

/**
 * Inserts records in one transaction, leaving out those whose attempt is there, and counts what the others cost for
 * their budgets. Throws what SQLite throws.
 */
export function createLedgerInsert(raw: DatabaseSync): (groups: readonly RecordGroup[]) => InsertReport {
  const statements = statementSizes.map((rows) => ({
    rows,
    plain: prepareInsert(raw, rows),
    // Which rows were inserted matters where money is counted, and costs as much as inserting them: it is asked for only
    // when some were there before, as after a kill.
    returning: prepareInsert(raw, rows, "RETURNING attempt_id"),
  }));
  const writeSpends = createSpendWriter(raw);

  /** Undefined where some that count for budgets were there before, and it was not asked which. */
  function insertAll(groups: readonly RecordGroup[], asksWhich: boolean): InsertReport | undefined {
    const charged: ChargedAttempt[] = [];
    let inserted = 0;
    for (const records of groups) {
      let from = 0;
      for (const { rows, plain, returning } of statements) {
        for (; from + rows <= records.length; from += rows) {
          const some = records.slice(from, from + rows);
          const isCharged = some.some(({ charges }) => charges !== undefined);
          if (isCharged && asksWhich) {
            const attemptIds = insertReturning(returning, some);
            inserted += attemptIds.length;
            charged.push(...chargedAttempts(some, attemptIds));
            continue;
          }
          const count = insertRows(plain, some);
          if (isCharged && count < rows) return undefined;
          inserted += count;
          if (isCharged) charged.push(...chargedOf(some));
        }
      }
    }
    return { inserted, charged };
  }

  function insertInTransaction(groups: readonly RecordGroup[], asksWhich: boolean): InsertReport | undefined {
    raw.exec("BEGIN IMMEDIATE");
    try {
      const report = insertAll(groups, asksWhich);
      if (report !== undefined && report.charged.length > 0) writeSpends(sumCharges(report.charged));
      raw.exec(report === undefined ? "ROLLBACK" : "COMMIT");
      return report;
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      throw error;
    }
  }

  return (groups) => {
    const report = insertInTransaction(groups, false) ?? insertInTransaction(groups, true);
    if (report === undefined) throw new Error("a transaction that asks which rows it inserted knows it");
    return report;
  };
}

function prepareInsert(raw: DatabaseSync, rows: number, returning = ""): StatementSync {
  const row = [...ownColumns.map(() => "?"), ...sharedColumns.map((column) => `$${column}`)].join(", ");
  const values = Array.from({ length: rows }, () => `(${row})`).join(", ");
  const columns = [...ownColumns, ...sharedColumns].join(", ");
  return raw.prepare(
    `INSERT INTO usage_ledger (${columns}) VALUES ${values} ON CONFLICT DO NOTHING ${returning}`,
  );
}

/** Records that have the shared columns alike. */
export type RecordGroup = readonly [LedgerRecord, ...LedgerRecord[]];
type Group = [LedgerRecord, ...LedgerRecord[]];

/** Records that have the shared columns alike, together. Mostly they are few groups, and often one. */
export function groupAlike(records: readonly LedgerRecord[]): readonly RecordGroup[] {
  const groups: Group[] = [];
  let current: Group | undefined;
  for (const record of records) {
    if (current === undefined || !isAlike(current[0], record))
      current = groups.find(([first]) => isAlike(first, record));
    if (current === undefined) {
      current = [record];
      groups.push(current);
    } else current.push(record);
  }
  return groups;
}

function isAlike(a: LedgerRecord, b: LedgerRecord): boolean {
  return (
    a.principal === b.principal &&
    a.operation === b.operation &&
    a.requestedModel === b.requestedModel &&
    a.integration === b.integration &&
    a.provider === b.provider &&
    a.upstreamModel === b.upstreamModel &&
    a.stream === b.stream &&
    a.outcome === b.outcome &&
    a.httpStatus === b.httpStatus &&
    a.errorCode === b.errorCode &&
    a.usageSource === b.usageSource &&
    a.currency === b.currency &&
    a.priceVersion === b.priceVersion &&
    a.endsCall === b.endsCall
  );
}

function insertRows(statement: StatementSync, records: readonly LedgerRecord[]): number {
  const [first] = records;
  return first === undefined ? 0 : Number(statement.run(sharedOf(first), ...ownOf(records)).changes);
}

/** Returns the ids of the attempts that were inserted. */
function insertReturning(statement: StatementSync, records: readonly LedgerRecord[]): readonly string[] {
  const [first] = records;
  const rows = first === undefined ? [] : statement.all(sharedOf(first), ...ownOf(records));
  return rows.map((row) => String(row["attempt_id"]));
}

function ownOf(records: readonly LedgerRecord[]): readonly SQLInputValue[] {
  const values: SQLInputValue[] = [];
  for (const record of records) pushOwn(values, record);
  return values;
}

function sharedOf(record: LedgerRecord): Record<string, SQLInputValue> {
  return {
    principal: record.principal,
    operation: record.operation,
    requested_model: record.requestedModel,
    integration: record.integration,
    provider: record.provider,
    upstream_model: record.upstreamModel,
    stream: record.stream ? 1 : 0,
    outcome: record.outcome,
    http_status: record.httpStatus,
    error_code: record.errorCode,
    usage_source: record.usageSource,
    currency: record.currency,
    price_version: record.priceVersion,
    ends_call: record.endsCall ? 1 : 0,
  };
}

/** Pushed one by one: on this path an array for each record is a third of the cost of binding it. */
function pushOwn(values: SQLInputValue[], record: LedgerRecord): void {
  values.push(
    record.attemptId,
    record.startedAtMs,
    record.durationMs,
    record.firstByteMs,
    record.inputTokens,
    record.outputTokens,
    record.cacheReadTokens,
    record.cacheWriteTokens,
    record.reasoningTokens,
    record.costMicros,
    record.beforeMs,
    record.stages,
    record.headUs,
    record.notes,
  );
}
