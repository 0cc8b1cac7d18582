import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { PlatformError } from "@llm-platform/kit";
import { Kysely } from "kysely";
import { formatVerdict } from "./control/audit.ts";
import type { AuditHead } from "./core/audit-record.ts";
import { readAuditFiles } from "./store/audit-file.ts";
import { createAuditTable } from "./store/audit-table.ts";
import { verifyAudit } from "./store/audit-verify.ts";
import { createSqliteDialect } from "./store/sqlite-dialect.ts";
import { toStorageError } from "./store/storage-error.ts";
import { checkSeals } from "./store/usage-seal-check.ts";
import type { Tables } from "./store/tables.ts";

/**
 * Looks through the audit log of a data folder without a server, and without writing there.
 * @param anchors places of the chain that were noted elsewhere
 * @throws PlatformError `not_found` for a folder without a database, and `unavailable` for one that cannot be read
 */
export async function verifyAuditOffline(
  dataDirectory: string,
  anchors: readonly AuditHead[] = [],
): Promise<ReturnType<typeof formatVerdict>> {
  const path = join(dataDirectory, "platform.db");
  if (!existsSync(path)) {
    throw new PlatformError(
      "not_found",
      `There is no database in ${dataDirectory}. Name the data folder of the server with --data-dir.`,
    );
  }
  let database: Kysely<Tables> | undefined;
  try {
    const raw = new DatabaseSync(toAddress(path), { readOnly: true });
    database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
    const table = createAuditTable({ database, walPath: `${path}-wal` });
    const files = readAuditFiles(join(dataDirectory, "audit"));
    const verdict = await verifyAudit({ sinks: [table, files], anchors });
    return formatVerdict(verdict, await checkSeals(database, verdict.head.sequence));
  } catch (error) {
    throw toStorageError(error);
  } finally {
    await database?.destroy();
  }
}

/**
 * Without a log beside it nothing writes the database, and SQLite is told so: otherwise even a reader makes files there,
 * as its own user, which the server might then not be able to open.
 */
function toAddress(path: string): string | URL {
  if (existsSync(`${path}-wal`)) return path;
  const address = pathToFileURL(path);
  address.searchParams.set("immutable", "1");
  return address;
}
