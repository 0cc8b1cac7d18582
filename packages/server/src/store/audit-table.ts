import { type Kysely, type Selectable, sql } from "kysely";
import { parseAuditLine } from "../core/audit-line.ts";
import {
  type AuditHead,
  type AuditRecord,
  chainStart,
  formatAuditLine,
  hashOf,
  onlyChain,
} from "../core/audit-record.ts";
import { sealedOperation } from "../core/usage-seal.ts";
import { listChains } from "./audit-chains.ts";
import type { AuditReader, AuditSink } from "./audit-sink.ts";
import { digest } from "./digest.ts";
import { synchroniseFile } from "./file-sync.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { AuditRow, Tables } from "./tables.ts";

/** Which records. Everything that is given must hold. */
export interface AuditQuery {
  /** Id or name of who acted. */
  readonly actor?: string | undefined;
  /** Default: all but the seals of the ledger. */
  readonly operation?: string | undefined;
  /** Id or name of what was acted on. */
  readonly target?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Only records before this one, in the order of the list. */
  readonly before?: AuditPlace | undefined;
  readonly limit: number;
}

/** The place of a record among those of all chains: by its time, and of several by chain and sequence number. */
export type AuditPlace = Pick<AuditRecord, "timeMs" | "chain" | "sequence">;

/** The audit log in the database, which is the sink that is asked. Rejects with PlatformError `unavailable`. */
export interface AuditTable extends AuditSink {
  /** The latest first, of all chains. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** The chains of other servers that have records here, to be looked through. */
  others(): Promise<readonly (AuditReader & { readonly chain: string })[]>;
}

export interface AuditTableParts {
  readonly database: Kysely<Tables>;
  /** File whose content is synchronised to make records durable; undefined where a commit does. */
  readonly walPath: string | undefined;
  /** The chain that is written here. Default: the only one. */
  readonly chain?: string;
}

const rowsPerPage = 500;

export function createAuditTable({ database, walPath, chain = onlyChain }: AuditTableParts): AuditTable {
  return {
    ...createReader(database, chain),
    open: () =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("audit_log")
          .selectAll()
          .where("chain", "=", chain)
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
    writeNote: ({ sequence, hash: noted }) =>
      guardStorageLater(async () => {
        await database
          .insertInto("audit_notes")
          .values({ chain, sink: "file", sequence, hash: noted })
          .onConflict((conflict) =>
            conflict.columns(["chain", "sink"]).doUpdateSet({ sequence, hash: noted }),
          )
          .execute();
      }),
    close: async () => undefined,
    list: (query) => guardStorageLater(() => list(database, query)),
    others: () =>
      guardStorageLater(async () => {
        const others = (await listChains(database)).filter((each) => each !== chain);
        return others.map((each) => ({ ...createReader(database, each), chain: each }));
      }),
  };
}

function createReader(database: Kysely<Tables>, chain: string): AuditReader {
  return {
    name: "database",
    lines: (afterSequence) => readLines(database, chain, afterSequence),
    readNote: () =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("audit_notes")
          .selectAll()
          .where("chain", "=", chain)
          .where("sink", "=", "file")
          .executeTakeFirst();
        return row === undefined ? chainStart : { sequence: row.sequence, hash: row.hash };
      }),
  };
}

async function list(database: Kysely<Tables>, query: AuditQuery): Promise<readonly AuditRecord[]> {
  const { actor, operation, target, fromMs, untilMs, before, limit } = query;
  let select = database
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("time_ms", "desc")
    .orderBy("chain", "desc")
    .orderBy("sequence", "desc")
    .limit(limit);
  if (actor !== undefined)
    select = select.where((where) =>
      where.or([where("actor_id", "=", actor), where("actor_name", "=", actor)]),
    );
  if (target !== undefined)
    select = select.where((where) =>
      where.or([where("target_id", "=", target), where("target_name", "=", target)]),
    );
  // Seals of the ledger, one a minute, would hide what people did; who wants them asks for them. As a literal it has an index.
  select =
    operation === undefined
      ? select.where("operation", "!=", sql.lit(sealedOperation))
      : select.where("operation", "=", operation);
  if (fromMs !== undefined) select = select.where("time_ms", ">=", fromMs);
  if (untilMs !== undefined) select = select.where("time_ms", "<", untilMs);
  if (before !== undefined)
    select = select.where(({ eb, refTuple, tuple }) =>
      eb(refTuple("time_ms", "chain", "sequence"), "<", tuple(before.timeMs, before.chain, before.sequence)),
    );
  // A row that is damaged is named by the verification; here it is left out.
  return (await select.execute()).flatMap((row) => parseAuditLine(row.line) ?? []);
}

async function* readLines(
  database: Kysely<Tables>,
  chain: string,
  afterSequence: number,
): AsyncGenerator<string> {
  let after = afterSequence;
  for (;;) {
    const rows = await guardStorageLater(() =>
      database
        .selectFrom("audit_log")
        .selectAll()
        .where("chain", "=", chain)
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
  return written.every(([column, value]) => isKept(value, found.get(column)));
}

/** PostgreSQL keeps no NUL in a column; the line has it escaped. */
function isKept(written: unknown, found: unknown): boolean {
  return found === written || (typeof written === "string" && found === written.replaceAll("\0", "\ufffd"));
}

function toRow(record: AuditRecord): AuditRow {
  return {
    chain: record.chain,
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
