import { setImmediate as nextTurn } from "node:timers/promises";
import type { DatabaseSync } from "node:sqlite";
import type { ExpressionBuilder, Kysely, SqlBool, Expression } from "kysely";
import type { LedgerRecord } from "../core/ledger-record.ts";
import type { RecordedEnd } from "../core/stream-ends.ts";
import { synchroniseFile } from "./file-sync.ts";
import { createLedgerInsert, groupAlike, type InsertReport, type RecordGroup } from "./ledger-insert.ts";
import { toLedgerRecord } from "./ledger-row.ts";
import type { SpoolLedger } from "./spool-port.ts";
import { guardStorage, guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

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
  readonly requestIds?: readonly string[] | undefined;
  /** The number of the attempt within its call, from 1. */
  readonly attempt?: number | undefined;
}

export interface LedgerPageQuery extends LedgerFilter {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: LedgerCursor | undefined;
  /** Default `latest` first. */
  readonly order?: "latest" | "earliest";
}

/** The place of a record in the order of the ledger: by its start, and of several by when it was written. */
export interface LedgerCursor {
  readonly startedAtMs: number;
  readonly id: number;
}

export interface LedgerPage {
  /** In the order of their starts. */
  readonly records: readonly LedgerRecord[];
  /** For the next page; null when this is the last. */
  readonly nextCursor: LedgerCursor | null;
}

/** The usage ledger. Throws and rejects with PlatformError `unavailable`. */
export interface LedgerTable extends SpoolLedger {
  list(query: LedgerPageQuery): Promise<LedgerPage>;
  /**
   * Deletes attempts that began before `untilMs`, in pieces; resolves with how many. The newest row may stay, for
   * its id must not be given again, and so does what is not in the sums yet, or not sealed.
   * @param settledId the last row that is, and that is sealed
   */
  deleteOlderThan(untilMs: number, settledId: number): Promise<number>;
  /** Whether that would delete anything. */
  hasOlderThan(untilMs: number, settledId: number): Promise<boolean>;
}

export interface LedgerTableParts {
  readonly raw: DatabaseSync;
  readonly database: Kysely<Tables>;
  /** File whose content is synchronised to make inserts durable. */
  readonly walPath: string;
  /** Told after each transaction of `insertMany`, and which of its records were not there before. */
  onInserted?(groups: readonly RecordGroup[], report: InsertReport): void;
}

const rowsPerDeletion = 1_000;

/** The ledger in SQLite. */
export interface LocalLedgerTable extends LedgerTable {
  insertMany(records: readonly LedgerRecord[]): void;
}

export function createLedgerTable({
  raw,
  database,
  walPath,
  onInserted,
}: LedgerTableParts): LocalLedgerTable {
  const insert = createLedgerInsert(raw);
  return {
    insertMany(records) {
      const groups = groupAlike(records);
      const report = guardStorage(() => insert(groups));
      onInserted?.(groups, report);
    },
    // A committed row is in the write-ahead log; it survives a loss of power once that file is on disk.
    makeDurable: () => guardStorageLater(() => synchroniseFile(walPath)),
    list: (query) => guardStorageLater(() => listLedgerPage(database, query)),
    async deleteOlderThan(untilMs, settledId) {
      let deleted = 0;
      let inPiece = 0;
      do {
        inPiece = await guardStorageLater(() => deletePiece(database, untilMs, settledId));
        deleted += inPiece;
        await nextTurn();
      } while (inPiece === rowsPerDeletion);
      return deleted;
    },
    hasOlderThan: (untilMs, settledId) =>
      guardStorageLater(async () => {
        const [row] = await selectOld(database, untilMs, settledId).limit(1).execute();
        return row !== undefined;
      }),
  };
}

async function deletePiece(database: Kysely<Tables>, untilMs: number, settledId: number): Promise<number> {
  const result = await database
    .deleteFrom("usage_ledger")
    .where("id", "in", selectOld(database, untilMs, settledId).limit(rowsPerDeletion))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

function selectOld(database: Kysely<Tables>, untilMs: number, settledId: number) {
  return database
    .selectFrom("usage_ledger")
    .select("id")
    .where("started_at_ms", "<", untilMs)
    .where("id", "<=", settledId)
    .where("id", "<", ({ selectFrom }) =>
      selectFrom("usage_ledger").select(({ fn }) => fn.max("id").as("newest")),
    )
    .orderBy("started_at_ms");
}

/** By the start and then by the id: the index of the starts finds a page wherever it is. */
export async function listLedgerPage(database: Kysely<Tables>, query: LedgerPageQuery): Promise<LedgerPage> {
  const { limit, cursor, order = "latest" } = query;
  const direction = order === "latest" ? "desc" : "asc";
  const beyond = order === "latest" ? "<" : ">";
  let select = database
    .selectFrom("usage_ledger")
    .selectAll()
    .where((builder) => toCondition(builder, query))
    .orderBy("started_at_ms", direction)
    .orderBy("id", direction)
    .limit(limit + 1);
  if (cursor !== undefined)
    select = select
      .where("started_at_ms", `${beyond}=`, cursor.startedAtMs)
      .where(({ or, eb }) =>
        or([eb("started_at_ms", beyond, cursor.startedAtMs), eb("id", beyond, cursor.id)]),
      );
  const rows = await select.execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    records: page.map(toLedgerRecord),
    nextCursor: last === undefined ? null : { startedAtMs: last.started_at_ms, id: last.id },
  };
}

function toCondition(
  builder: ExpressionBuilder<Tables, "usage_ledger">,
  filter: LedgerFilter,
): Expression<SqlBool> {
  const { fromMs, untilMs, integration, upstreamModel, principal, outcome, requestIds, attempt } = filter;
  return builder.and([
    ...(fromMs === undefined ? [] : [builder("started_at_ms", ">=", fromMs)]),
    ...(untilMs === undefined ? [] : [builder("started_at_ms", "<", untilMs)]),
    ...(integration === undefined ? [] : [builder("integration", "=", integration)]),
    ...(upstreamModel === undefined ? [] : [builder("upstream_model", "=", upstreamModel)]),
    ...(principal === undefined ? [] : [builder("principal", "=", principal)]),
    ...(outcome === undefined ? [] : [builder("outcome", "=", outcome)]),
    // Attempt ids are the request's id, a dot and a number: from "id." up to, but without, "id/".
    ...(requestIds === undefined
      ? []
      : [
          builder.or(
            requestIds.map((id) =>
              builder.and([builder("attempt_id", ">=", `${id}.`), builder("attempt_id", "<", `${id}/`)]),
            ),
          ),
        ]),
    ...(attempt === undefined ? [] : [builder("attempt_id", "like", `%.${attempt}`)]),
  ]);
}
