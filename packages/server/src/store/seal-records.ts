import type { Kysely } from "kysely";
import { parseAuditLine } from "../core/audit-line.ts";
import type { AuditRecord } from "../core/audit-record.ts";
import { parsePruned, prunedOperation, sealedOperation } from "../core/usage-seal.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

const recordsPerPage = 50;

/** The latest record that seals something. Rejects with PlatformError `unavailable`, as all here do. */
export async function lastSeal(database: Kysely<Tables>): Promise<AuditRecord | undefined> {
  const row = await guardStorageLater(() =>
    database
      .selectFrom("audit_log")
      .select("line")
      .where("operation", "=", sealedOperation)
      .orderBy("sequence", "desc")
      .limit(1)
      .executeTakeFirst(),
  );
  return row === undefined ? undefined : parseAuditLine(row.line);
}

/** Every record that seals something, oldest first, up to a sequence number. */
export async function* sealRecords(database: Kysely<Tables>, until: number): AsyncGenerator<AuditRecord> {
  let after = 0;
  for (;;) {
    const rows = await guardStorageLater(() =>
      database
        .selectFrom("audit_log")
        .select(["sequence", "line"])
        .where("operation", "=", sealedOperation)
        .where("sequence", ">", after)
        .where("sequence", "<=", until)
        .orderBy("sequence")
        .limit(recordsPerPage)
        .execute(),
    );
    for (const { line } of rows) {
      // One that is damaged is named by the look through the chain.
      const record = parseAuditLine(line);
      if (record !== undefined) yield record;
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}

/** Up to which start records of calls were deleted for their age; 0 when none was. */
export async function readPrunedMs(database: Kysely<Tables>): Promise<number> {
  const rows = await guardStorageLater(() =>
    database.selectFrom("audit_log").select("line").where("operation", "=", prunedOperation).execute(),
  );
  return rows.reduce(
    (latest, { line }) => Math.max(latest, parsePruned(parseAuditLine(line)?.after ?? null)),
    0,
  );
}
