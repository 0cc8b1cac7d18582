import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sampleRecord } from "../sample-record.test-data.ts";
import { openStore, type Store } from "../store.ts";
import { type BackupControl, makeBackup, type MadeBackup } from "./make-backup.ts";

/** A moment for everything that asks for one. */
export const testTimeMs = 1_700_000_000_000;

/** Nobody aborts, nobody looks. */
export const calm = { signal: new AbortController().signal, onProgress: () => undefined };

/** Makes a data folder with a key, some rows, a sealed secret, a file of an integration and a model's file. */
export async function fillDataFolder(directory: string): Promise<void> {
  const store = await openStore({ directory });
  await addRows(store, 1, 20);
  await store.keyValues("office").set("answer", 42);
  await store.vault.write({ purpose: "integration_config", name: "office" }, "a secret");
  await store.close();
}

/** Adds that many ended calls to the ledger. */
export async function addRows(store: Store, from: number, rows: number): Promise<void> {
  await store.ledger.insertMany(Array.from({ length: rows }, (_, at) => sampleRecord(from + at)));
}

/** Writes a segment of a spool as a process leaves it that is killed. */
export function writeSegment(folder: string, lines: string): void {
  writeFileSync(join(folder, "usage-1.spool"), Buffer.concat([Buffer.from(lines), Buffer.alloc(4_096)]));
}

/** A backup of a data folder that no server uses. */
export function backUp(
  dataDirectory: string,
  directory: string,
  { name = "b.tar", isLive = false, ...control }: TestBackup = {},
): Promise<MadeBackup> {
  return makeBackup(
    { dataDirectory, directory, name, version: "1.2.3", createdAtMs: testTimeMs, isLive },
    { ...calm, ...control },
  );
}

export interface TestBackup extends Partial<BackupControl> {
  readonly name?: string;
  readonly isLive?: boolean;
}

/** What one query of a database answers. */
export function query(path: string, sql: string): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
