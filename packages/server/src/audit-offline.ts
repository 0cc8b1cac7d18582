import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PlatformError } from "@llm-platform/kit";
import { Kysely } from "kysely";
import { formatVerdict } from "./control/audit.ts";
import { type AuditHead, onlyChain } from "./core/audit-record.ts";
import { readAuditFiles } from "./store/audit-file.ts";
import { auditFolder } from "./store/audit-files.ts";
import { createAuditTable } from "./store/audit-table.ts";
import { type AuditVerdict, verifyAudit } from "./store/audit-verify.ts";
import { toReadAddress } from "./store/read-address.ts";
import { readReplicaId } from "./store/replica-id.ts";
import { createSqliteDialect } from "./store/sqlite-dialect.ts";
import { toStorageError } from "./store/storage-error.ts";
import { checkSeals } from "./store/usage-seal-check.ts";
import type { Tables } from "./store/tables.ts";

/**
 * Looks through the audit log of a data folder without a server, and without writing there. Of a server whose database is
 * elsewhere these are its files alone.
 * @param anchors places of a chain that were noted elsewhere; default that of the server
 * @throws PlatformError `not_found` for a folder without an audit log, and `unavailable` for one that cannot be read
 */
export async function verifyAuditOffline(
  dataDirectory: string,
  anchors: readonly (AuditHead & { readonly chain?: string | undefined })[] = [],
): Promise<ReturnType<typeof formatVerdict>> {
  const chain = readReplicaId(dataDirectory);
  const path = join(dataDirectory, "platform.db");
  const verifyReplica = async () =>
    chain === undefined ? [] : [await verifyFiles(dataDirectory, chain, anchorsOf(chain))];
  const anchorsOf = (wanted: string) =>
    anchors.filter((anchor) => (anchor.chain ?? chain ?? onlyChain) === wanted);
  try {
    if (existsSync(path))
      return await verifyDatabase(path, {
        dataDirectory,
        anchors: anchorsOf(onlyChain),
        others: await verifyReplica(),
      });
    const [verdict] = await verifyReplica();
    if (verdict !== undefined) return formatVerdict([verdict], nothingSealed);
  } catch (error) {
    throw toStorageError(error);
  }
  throw new PlatformError(
    "not_found",
    `There is no database in ${dataDirectory}. Name the data folder of the server with --data-dir.`,
  );
}

const nothingSealed = { seals: 0, rows: 0, rowsNotKept: 0, firstBad: undefined };

interface Offline {
  readonly dataDirectory: string;
  readonly anchors: readonly AuditHead[];
  readonly others: readonly AuditVerdict[];
}

function verifyFiles(
  dataDirectory: string,
  chain: string,
  anchors: readonly AuditHead[],
): Promise<AuditVerdict> {
  return verifyAudit({ chain, sinks: [readAuditFiles(auditFolder(dataDirectory, chain))], anchors });
}

async function verifyDatabase(path: string, { dataDirectory, anchors, others }: Offline) {
  const raw = new DatabaseSync(toReadAddress(path), { readOnly: true });
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  try {
    showChains(raw);
    const table = createAuditTable({ database, walPath: undefined });
    const files = readAuditFiles(auditFolder(dataDirectory, onlyChain));
    const verdict = await verifyAudit({ sinks: [table, files], anchors });
    const seals = await checkSeals(database, [{ ...verdict.head, chain: onlyChain }]);
    return formatVerdict([verdict, ...others], seals);
  } finally {
    await database.destroy();
  }
}

/** Lets the tables of a version before there were chains be read as those of today; nothing is written to the file. */
function showChains(raw: DatabaseSync): void {
  for (const table of ["audit_log", "audit_notes"]) {
    const columns = raw.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
    if (columns.length > 0 && !columns.some(({ name }) => name === "chain"))
      raw.exec(`CREATE TEMP VIEW ${table} AS SELECT '${onlyChain}' AS chain, * FROM main.${table}`);
  }
}
