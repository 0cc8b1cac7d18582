import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { LedgerRecord } from "../core/ledger-record.ts";

const columns = [
  "attempt_id",
  "started_at_ms",
  "principal",
  "operation",
  "requested_model",
  "integration",
  "provider",
  "upstream_model",
  "stream",
  "duration_ms",
  "first_byte_ms",
  "outcome",
  "http_status",
  "error_code",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "usage_source",
  "cost_micros",
  "currency",
];

/** Measured: 50 rows a statement cost a fifth less than one, and a tenth of what SQLite's JSON functions do. */
const rowsPerStatement = 50;

/** Inserts records in one transaction, leaving out those whose attempt is there. Throws what SQLite throws. */
export function createLedgerInsert(raw: DatabaseSync): (records: readonly LedgerRecord[]) => void {
  const many = prepareInsert(raw, rowsPerStatement);
  const one = prepareInsert(raw, 1);

  function insertAll(records: readonly LedgerRecord[]): void {
    const inMany = records.length - (records.length % rowsPerStatement);
    let values: SQLInputValue[] = [];
    for (const [index, record] of records.entries()) {
      pushValues(values, record);
      if (index < inMany && (index + 1) % rowsPerStatement !== 0) continue;
      (index < inMany ? many : one).run(...values);
      values = [];
    }
  }

  return (records) => {
    raw.exec("BEGIN IMMEDIATE");
    try {
      insertAll(records);
      raw.exec("COMMIT");
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      throw error;
    }
  };
}

function prepareInsert(raw: DatabaseSync, rows: number): StatementSync {
  const row = `(${columns.map(() => "?").join(", ")})`;
  const values = Array.from({ length: rows }, () => row).join(", ");
  return raw.prepare(
    `INSERT INTO usage_ledger (${columns.join(", ")}) VALUES ${values} ON CONFLICT DO NOTHING`,
  );
}

/** Pushed one by one: on this path an array for each record is a third of the cost of binding it. */
function pushValues(values: SQLInputValue[], record: LedgerRecord): void {
  values.push(
    record.attemptId,
    record.startedAtMs,
    record.principal,
    record.operation,
    record.requestedModel,
    record.integration,
    record.provider,
    record.upstreamModel,
    record.stream ? 1 : 0,
    record.durationMs,
    record.firstByteMs,
    record.outcome,
    record.httpStatus,
    record.errorCode,
    record.inputTokens,
    record.outputTokens,
    record.cacheReadTokens,
    record.cacheWriteTokens,
    record.reasoningTokens,
    record.usageSource,
    record.costMicros,
    record.currency,
  );
}
