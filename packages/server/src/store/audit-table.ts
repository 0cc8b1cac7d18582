import { hash } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { parseAuditLine } from "../core/audit-line.ts";
import {
  type AuditHead,
  type AuditRecord,
  chainStart,
  formatAuditLine,
  hashOf,
} from "../core/audit-record.ts";
import type { AuditSink } from "./audit-sink.ts";
import { synchroniseFile } from "./file-sync.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { AuditRow, Tables } from "./tables.ts";

/** Which records. Everything that is given must hold. */
export interface AuditQuery {
  /** Id or name of who acted. */
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  /** Id or name of what was acted on. */
  readonly target?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Only records before this sequence number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The audit log in the database, which is the sink that is asked. Rejects with PlatformError `unavailable`. */
export interface AuditTable extends AuditSink {
  /** Latest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
}

export interface AuditTableParts {
  readonly database: Kysely<Tables>;
  /** File whose content is synchronised to make records durable; undefined where a commit does. */
  readonly walPath: string | undefined;
}

const rowsPerPage = 500;
const digest = (text: string): string => hash("sha256", text);

export function createAuditTable({ database, walPath }: AuditTableParts): AuditTable {
  return {
    name: "database",
    open: () =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("audit_log")
          .selectAll()
          .orderBy("sequence", "desc")
          .limit(1)
          .executeTakeFirst();
        return row === undefined ? chainStart : toHead(row);
      }),
    append: (records) =>
      guardStorageLater(async () => {
        if (records.length === 0) return;
        await database.insertInto("audit_log").values(records.map(toRow)).execute();
        // The commit is in the write-ahead log. This is what `synchronous = FULL` does, without holding up every call.
        if (walPath !== undefined) await synchroniseFile(walPath);
      }),
    lines: (afterSequence) => readLines(database, afterSequence),
    writeNote: ({ sequence, hash: noted }) =>
      guardStorageLater(async () => {
        await database
          .insertInto("audit_notes")
          .values({ sink: "file", sequence, hash: noted })
          .onConflict((conflict) => conflict.column("sink").doUpdateSet({ sequence, hash: noted }))
          .execute();
      }),
    readNote: () =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("audit_notes")
          .selectAll()
          .where("sink", "=", "file")
          .executeTakeFirst();
        return row === undefined ? chainStart : { sequence: row.sequence, hash: row.hash };
      }),
    close: async () => undefined,
    list: (query) => guardStorageLater(() => list(database, query)),
  };
}

async function list(database: Kysely<Tables>, query: AuditQuery): Promise<readonly AuditRecord[]> {
  const { actor, operation, target, fromMs, untilMs, before, limit } = query;
  let select = database.selectFrom("audit_log").selectAll().orderBy("sequence", "desc").limit(limit);
  if (actor !== undefined)
    select = select.where((where) =>
      where.or([where("actor_id", "=", actor), where("actor_name", "=", actor)]),
    );
  if (target !== undefined)
    select = select.where((where) =>
      where.or([where("target_id", "=", target), where("target_name", "=", target)]),
    );
  if (operation !== undefined) select = select.where("operation", "=", operation);
  if (fromMs !== undefined) select = select.where("time_ms", ">=", fromMs);
  if (untilMs !== undefined) select = select.where("time_ms", "<", untilMs);
  if (before !== undefined) select = select.where("sequence", "<", before);
  // A row that is damaged is named by the verification; here it is left out.
  return (await select.execute()).flatMap((row) => parseAuditLine(row.line) ?? []);
}

async function* readLines(database: Kysely<Tables>, afterSequence: number): AsyncGenerator<string> {
  let after = afterSequence;
  for (;;) {
    const rows = await guardStorageLater(() =>
      database
        .selectFrom("audit_log")
        .selectAll()
        .where("sequence", ">", after)
        .orderBy("sequence")
        .limit(rowsPerPage)
        .execute(),
    );
    for (const row of rows) yield isAsWritten(row) ? row.line : "";
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

/** Throws for a row that is not as it was written: nothing may follow on it. */
function toHead(row: Selectable<AuditRow>): AuditHead {
  const record = parseAuditLine(row.line);
  if (record === undefined || hashOf(record, digest) !== record.hash || !isAsWritten(row))
    throw new Error(`the record ${row.sequence} of the table audit_log was changed`);
  return { sequence: record.sequence, hash: record.hash };
}

/** Whether the columns that are searched say what the line says. */
function isAsWritten(row: Selectable<AuditRow>): boolean {
  const record = parseAuditLine(row.line);
  if (record === undefined) return false;
  const written = Object.entries(toRow(record));
  const found = new Map<string, unknown>(Object.entries(row));
  return written.every(([column, value]) => found.get(column) === value);
}

function toRow(record: AuditRecord): AuditRow {
  return {
    sequence: record.sequence,
    time_ms: record.timeMs,
    actor_id: record.actor.id,
    actor_name: record.actor.name,
    operation: record.operation,
    target_id: record.target?.id ?? null,
    target_name: record.target?.name ?? null,
    line: formatAuditLine(record),
  };
}
