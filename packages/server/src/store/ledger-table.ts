import type { DatabaseSync } from "node:sqlite";
import type { ExpressionBuilder, Kysely, SqlBool, Expression } from "kysely";
import { isUsageSource, type LedgerRecord } from "../core/ledger-record.ts";
import { isRecordedEnd, type RecordedEnd } from "../core/stream-ends.ts";
import { synchroniseFile } from "./file-sync.ts";
import { createLedgerInsert } from "./ledger-insert.ts";
import type { SpoolLedger } from "./spool-port.ts";
import { guardStorage, guardStorageLater } from "./storage-error.ts";
import type { Tables, UsageRow } from "./tables.ts";

/** Which attempts. Everything that is given must hold. */
export interface LedgerFilter {
  /** Began at this wall time or later. */
  readonly fromMs?: number | undefined;
  /** Began before this wall time. */
  readonly untilMs?: number | undefined;
  readonly integration?: string | undefined;
  readonly upstreamModel?: string | undefined;
  readonly principal?: string | undefined;
  readonly outcome?: RecordedEnd | undefined;
  readonly requestId?: string | undefined;
}

export interface LedgerPageQuery extends LedgerFilter {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: number | undefined;
}

export interface LedgerPage {
  /** Latest ended first. */
  readonly records: readonly LedgerRecord[];
  /** For the next page; null when this is the last. */
  readonly nextCursor: number | null;
}

/** What one model came to through one integration, in one currency. */
export interface ModelUsage {
  readonly integration: string;
  readonly upstreamModel: string;
  /** Null for the attempts without a known price. */
  readonly currency: string | null;
  readonly attempts: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

/** The usage ledger. Throws and rejects with PlatformError `unavailable`. */
export interface LedgerTable extends SpoolLedger {
  insertMany(records: readonly LedgerRecord[]): void;
  list(query: LedgerPageQuery): Promise<LedgerPage>;
  usageByModel(filter: LedgerFilter): Promise<readonly ModelUsage[]>;
  count(filter: LedgerFilter): Promise<number>;
  /** Attempts that used tokens whose price is not known. */
  countUnknownPrice(filter: LedgerFilter): Promise<number>;
  /** Deletes attempts that began before `untilMs`; resolves with how many. */
  deleteOlderThan(untilMs: number): Promise<number>;
}

export interface LedgerTableParts {
  readonly raw: DatabaseSync;
  readonly database: Kysely<Tables>;
  /** File whose content is synchronised to make inserts durable. */
  readonly walPath: string;
  /** Told after each transaction of `insertMany`. */
  onInserted?(rows: number): void;
}

export function createLedgerTable({ raw, database, walPath, onInserted }: LedgerTableParts): LedgerTable {
  const insert = createLedgerInsert(raw);
  return {
    insertMany(records) {
      guardStorage(() => insert(records));
      onInserted?.(records.length);
    },
    // A committed row is in the write-ahead log; it survives a loss of power once that file is on disk.
    makeDurable: () => guardStorageLater(() => synchroniseFile(walPath)),
    list: (query) => guardStorageLater(() => listPage(database, query)),
    usageByModel: (filter) => guardStorageLater(() => sumByModel(database, filter)),
    count: (filter) => guardStorageLater(() => countRows(database, filter, false)),
    countUnknownPrice: (filter) => guardStorageLater(() => countRows(database, filter, true)),
    deleteOlderThan: (untilMs) =>
      guardStorageLater(async () => {
        const result = await database
          .deleteFrom("usage_ledger")
          .where("started_at_ms", "<", untilMs)
          .executeTakeFirst();
        return Number(result.numDeletedRows);
      }),
  };
}

async function listPage(database: Kysely<Tables>, query: LedgerPageQuery): Promise<LedgerPage> {
  let select = database
    .selectFrom("usage_ledger")
    .selectAll()
    .where((builder) => toCondition(builder, query))
    .orderBy("id", "desc")
    .limit(query.limit + 1);
  if (query.cursor !== undefined) select = select.where("id", "<", query.cursor);
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  return {
    records: page.map(toLedgerRecord),
    nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
  };
}

async function sumByModel(database: Kysely<Tables>, filter: LedgerFilter): Promise<readonly ModelUsage[]> {
  const rows = await database
    .selectFrom("usage_ledger")
    .select(({ fn }) => [
      "integration",
      "upstream_model",
      "currency",
      fn.countAll<number>().as("attempts"),
      fn.sum<number | null>("input_tokens").as("input_tokens"),
      fn.sum<number | null>("output_tokens").as("output_tokens"),
      fn.sum<number | null>("cost_micros").as("cost_micros"),
    ])
    .where((builder) => toCondition(builder, filter))
    .groupBy(["integration", "upstream_model", "currency"])
    .orderBy("integration")
    .orderBy("upstream_model")
    .orderBy("currency")
    .execute();
  return rows.map((row) => ({
    integration: row.integration,
    upstreamModel: row.upstream_model,
    currency: row.currency,
    attempts: Number(row.attempts),
    inputTokens: Number(row.input_tokens ?? 0),
    outputTokens: Number(row.output_tokens ?? 0),
    costMicros: Number(row.cost_micros ?? 0),
  }));
}

async function countRows(
  database: Kysely<Tables>,
  filter: LedgerFilter,
  isUnpriced: boolean,
): Promise<number> {
  let query = database
    .selectFrom("usage_ledger")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where((builder) => toCondition(builder, filter));
  if (isUnpriced) query = query.where("cost_micros", "is", null).where("usage_source", "!=", "none");
  const row = await query.executeTakeFirst();
  return Number(row?.count ?? 0);
}

function toCondition(
  builder: ExpressionBuilder<Tables, "usage_ledger">,
  filter: LedgerFilter,
): Expression<SqlBool> {
  const { fromMs, untilMs, integration, upstreamModel, principal, outcome, requestId } = filter;
  return builder.and([
    ...(fromMs === undefined ? [] : [builder("started_at_ms", ">=", fromMs)]),
    ...(untilMs === undefined ? [] : [builder("started_at_ms", "<", untilMs)]),
    ...(integration === undefined ? [] : [builder("integration", "=", integration)]),
    ...(upstreamModel === undefined ? [] : [builder("upstream_model", "=", upstreamModel)]),
    ...(principal === undefined ? [] : [builder("principal", "=", principal)]),
    ...(outcome === undefined ? [] : [builder("outcome", "=", outcome)]),
    // Attempt ids are the request's id, a dot and a number: from "id." up to, but without, "id/".
    ...(requestId === undefined
      ? []
      : [builder("attempt_id", ">=", `${requestId}.`), builder("attempt_id", "<", `${requestId}/`)]),
  ]);
}

function toLedgerRecord(row: UsageRow): LedgerRecord {
  const dot = row.attempt_id.lastIndexOf(".");
  return {
    attemptId: row.attempt_id,
    requestId: row.attempt_id.slice(0, dot),
    attempt: Number(row.attempt_id.slice(dot + 1)),
    startedAtMs: row.started_at_ms,
    durationMs: row.duration_ms,
    firstByteMs: row.first_byte_ms,
    principal: row.principal,
    operation: row.operation,
    requestedModel: row.requested_model,
    integration: row.integration,
    provider: row.provider,
    upstreamModel: row.upstream_model,
    stream: row.stream === 1,
    // A word that this version does not know was written by a newer one; the nearest that it knows is an upstream's fault.
    outcome: isRecordedEnd(row.outcome) ? row.outcome : "upstream_error",
    httpStatus: row.http_status,
    errorCode: row.error_code,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    reasoningTokens: row.reasoning_tokens,
    usageSource: isUsageSource(row.usage_source) ? row.usage_source : "none",
    costMicros: row.cost_micros,
    currency: row.currency,
  };
}
