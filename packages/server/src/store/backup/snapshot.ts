import { mkdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import { createLedgerInsert, groupAlike } from "../ledger-insert.ts";
import { migrate } from "../migrate.ts";
import { listSpoolFiles } from "../spool-file.ts";
import { recoverSpool } from "../spool-recovery.ts";
import { createSqliteDialect } from "../sqlite-dialect.ts";
import type { Tables } from "../tables.ts";
import { databaseName } from "./contents.ts";
import { copyIfThere } from "./data-files.ts";
import { type DatabaseFacts, readFacts } from "./database-facts.ts";
import { syncFile } from "./durable-files.ts";

export interface SnapshotInput {
  readonly dataDirectory: string;
  /** An empty folder, which then holds the database as one file. */
  readonly into: string;
  /**
   * Whether a server goes on writing. Calls that are open then end there; of a stopped one they are marked as
   * `interrupted`, as its next start would.
   */
  readonly isLive: boolean;
  readonly signal: AbortSignal;
  onProgress(doneBytes: number, totalBytes: number): void;
}

const busyTimeoutMs = 5_000;
/** Pages of one step: about a millisecond each, in which one thread of Node's pool is busy. */
const pagesPerStep = 256;
const spoolFolder = "spool";

/**
 * Copies the database as it is at one moment, while it is written to, and brings into the copy every record that still
 * stood in the spool.
 *
 * First the spool and then the database: in this order a record on its way is in one of the two, and one that is in both
 * is counted once. The copy needs no log beside it.
 */
export async function takeSnapshot(input: SnapshotInput): Promise<DatabaseFacts> {
  const { dataDirectory, into, isLive, signal } = input;
  const spools = await copySpools(join(dataDirectory, spoolFolder), join(into, spoolFolder));
  const copy = join(into, databaseName);
  await copyDatabase(join(dataDirectory, databaseName), copy, input);
  signal.throwIfAborted();
  const facts = await completeCopy(copy, spools, isLive);
  syncFile(copy);
  return facts;
}

/** What the database and the spools take now, in bytes. Throws what SQLite and the file system throw. */
export async function measureData(dataDirectory: string): Promise<number> {
  return measureDatabase(dataDirectory) + (await measureSpools(join(dataDirectory, spoolFolder)));
}

function measureDatabase(dataDirectory: string): number {
  const source = new DatabaseSync(join(dataDirectory, databaseName), {
    readOnly: true,
    timeout: busyTimeoutMs,
  });
  try {
    const pragma = (name: string) => Number(source.prepare(`PRAGMA ${name}`).get()?.[name]);
    return pragma("page_count") * pragma("page_size");
  } finally {
    source.close();
  }
}

async function measureSpools(directory: string): Promise<number> {
  let bytes = 0;
  for (const folder of [".", ...(await listFolders(directory))])
    for (const { path } of await listSegments(join(directory, folder)))
      bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

/** The spools of all processes, each to a folder of its own. Returns those folders. */
async function copySpools(from: string, to: string): Promise<readonly string[]> {
  const folders = [".", ...(await listFolders(from))];
  const copies: string[] = [];
  for (const folder of folders) {
    const copy = join(to, folder);
    mkdirSync(copy, { recursive: true, mode: 0o700 });
    // A segment that is gone by now was emptied into the ledger, which is copied after this.
    for (const { path, name } of await listSegments(join(from, folder))) copyIfThere(path, join(copy, name));
    copies.push(copy);
  }
  return copies;
}

async function listFolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(orNone);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function listSegments(
  directory: string,
): Promise<readonly { readonly path: string; readonly name: string }[]> {
  const files = await listSpoolFiles(directory).catch(orNone);
  return files.map(({ path, number }) => ({ path, name: `usage-${number}.spool` }));
}

function orNone(error: unknown): readonly [] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}

async function copyDatabase(path: string, copy: string, input: SnapshotInput): Promise<void> {
  const source = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  try {
    const pageBytes = Number(source.prepare("PRAGMA page_size").get()?.["page_size"]);
    // Within a transaction every step reads the same state, however much is written meanwhile.
    source.exec("BEGIN; SELECT 1 FROM sqlite_master");
    await backup(source, copy, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => {
        input.signal.throwIfAborted();
        input.onProgress((totalPages - remainingPages) * pageBytes, totalPages * pageBytes);
      },
    });
  } finally {
    source.close();
  }
}

async function completeCopy(
  copy: string,
  spools: readonly string[],
  isLive: boolean,
): Promise<DatabaseFacts> {
  const raw = new DatabaseSync(copy);
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  try {
    raw.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF");
    await migrate({ raw, database });
    const insert = createLedgerInsert(raw);
    const insertMany = (records: readonly LedgerRecord[]): void => {
      insert(groupAlike(isLive ? records.filter(({ outcome }) => outcome !== "interrupted") : records));
    };
    for (const spool of spools) await recoverSpool(spool, { insertMany, makeDurable: async () => undefined });
    return readFacts(raw);
  } finally {
    await database.destroy();
  }
}
