import { type Kysely, sql, type Transaction } from "kysely";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { Tables } from "../tables.ts";
import { toStorableText } from "./guarded-pool.ts";
import { type LedgerPartition, makePartitions, partitionOf } from "./ledger-partitions.ts";
import { lockFor } from "./locks.ts";

/**
 * Takes part in the transaction that puts records into the ledger, for what must count each of them exactly once.
 * Resolves with what is to be called once that is committed.
 * @param inserted those that were not there before
 */
export type LedgerStep = (
  transaction: Transaction<Tables>,
  inserted: readonly LedgerRecord[],
) => Promise<() => void>;

export interface LedgerInsertParts {
  readonly database: Kysely<Tables>;
  /** Done one after another once the rows are in. When one fails, nothing of the transaction stays. */
  readonly steps: readonly LedgerStep[];
  /** Partitions that are known to be there, by their names. */
  readonly partitions: Set<string>;
  /** Which server this is. */
  readonly replica: string;
}

/**
 * Inserts records in one transaction, leaving out those whose attempt is there. Replicas do so one after another: ids
 * become visible in their order, and what the steps read stays as it is until they have written.
 */
export function createLedgerInsert({ database, steps, partitions, replica }: LedgerInsertParts) {
  return async (records: readonly LedgerRecord[]): Promise<void> => {
    const missing = missingPartitions(records, partitions);
    const confirm = await database.transaction().execute(async (transaction) => {
      await lockFor("ledger").execute(transaction);
      await makePartitions(transaction, missing);
      const inserted = await insertRows(transaction, records, replica);
      const confirmations: (() => void)[] = [];
      if (inserted.length > 0)
        for (const step of steps) confirmations.push(await step(transaction, inserted));
      return confirmations;
    });
    for (const { name } of missing) partitions.add(name);
    for (const act of confirm) act();
  };
}

function missingPartitions(
  records: readonly LedgerRecord[],
  known: ReadonlySet<string>,
): readonly LedgerPartition[] {
  const missing = new Map<string, LedgerPartition>();
  let last: LedgerPartition | undefined;
  for (const { startedAtMs } of records) {
    if (last !== undefined && startedAtMs >= last.fromMs && startedAtMs < last.untilMs) continue;
    last = partitionOf(startedAtMs);
    if (!known.has(last.name)) missing.set(last.name, last);
  }
  return [...missing.values()];
}

/** One statement for all: the rows travel as one text of JSON, which costs less than a parameter for each value. */
async function insertRows(
  transaction: Transaction<Tables>,
  records: readonly LedgerRecord[],
  replica: string,
): Promise<readonly LedgerRecord[]> {
  const { storable, text } = toRowsText(records, replica);
  const { rows } = await sql<{ readonly attempt_id: string; readonly started_at_ms: number }>`
    INSERT INTO usage_ledger (${sql.raw(columnNames)})
    SELECT ${sql.raw(columnNames)} FROM json_to_recordset(${text}::json) AS new (${sql.raw(columnTypes)})
    ON CONFLICT (started_at_ms, attempt_id) DO NOTHING
    RETURNING attempt_id, started_at_ms`.execute(transaction);
  if (rows.length === records.length) return storable;
  const inserted = new Set(rows.map((row) => `${row.started_at_ms} ${row.attempt_id}`));
  // Taken out as it is found: a batch may have an attempt twice.
  return storable.filter(({ startedAtMs, attemptId }) => inserted.delete(`${startedAtMs} ${attemptId}`));
}

/** What PostgreSQL's JSON refuses: NUL, and halves of a surrogate pair alone. */
const unstorable = /\\u(?:0000|d[89a-f])/;

/** The records as the database can keep them. Those that it cannot are rare: a client has made up the name of a model. */
function toRowsText(
  records: readonly LedgerRecord[],
  replica: string,
): {
  readonly storable: readonly LedgerRecord[];
  readonly text: string;
} {
  const text = JSON.stringify(records.map((record) => toColumns(record, replica)));
  if (!unstorable.test(text)) return { storable: records, text };
  const storable = records.map((record) => ({
    ...record,
    principal: toStorableText(record.principal),
    requestedModel: toStorableText(record.requestedModel),
    upstreamModel: toStorableText(record.upstreamModel),
  }));
  return { storable, text: JSON.stringify(storable.map((record) => toColumns(record, replica))) };
}

const columns = {
  attempt_id: "text",
  started_at_ms: "bigint",
  principal: "text",
  operation: "text",
  requested_model: "text",
  integration: "text",
  provider: "text",
  upstream_model: "text",
  stream: "integer",
  duration_ms: "bigint",
  first_byte_ms: "bigint",
  outcome: "text",
  http_status: "integer",
  error_code: "text",
  input_tokens: "bigint",
  output_tokens: "bigint",
  cache_read_tokens: "bigint",
  cache_write_tokens: "bigint",
  reasoning_tokens: "bigint",
  usage_source: "text",
  cost_micros: "bigint",
  currency: "text",
  price_version: "text",
  ends_call: "integer",
  before_ms: "bigint",
  stages: "bigint",
  head_us: "bigint",
  notes: "text",
  replica: "text",
} as const satisfies Readonly<Record<Exclude<keyof Tables["usage_ledger"], "id">, string>>;

const columnNames = Object.keys(columns).join(", ");
const columnTypes = Object.entries(columns)
  .map(([name, type]) => `${name} ${type}`)
  .join(", ");

function toColumns(record: LedgerRecord, replica: string): Omit<Tables["usage_ledger"], "id"> {
  return {
    attempt_id: record.attemptId,
    started_at_ms: record.startedAtMs,
    principal: record.principal,
    operation: record.operation,
    requested_model: record.requestedModel,
    integration: record.integration,
    provider: record.provider,
    upstream_model: record.upstreamModel,
    stream: record.stream ? 1 : 0,
    duration_ms: record.durationMs,
    first_byte_ms: record.firstByteMs,
    outcome: record.outcome,
    http_status: record.httpStatus,
    error_code: record.errorCode,
    input_tokens: record.inputTokens,
    output_tokens: record.outputTokens,
    cache_read_tokens: record.cacheReadTokens,
    cache_write_tokens: record.cacheWriteTokens,
    reasoning_tokens: record.reasoningTokens,
    usage_source: record.usageSource,
    cost_micros: record.costMicros,
    currency: record.currency,
    price_version: record.priceVersion,
    ends_call: record.endsCall ? 1 : 0,
    before_ms: record.beforeMs,
    stages: record.stages,
    head_us: record.headUs,
    notes: record.notes,
    replica,
  };
}
