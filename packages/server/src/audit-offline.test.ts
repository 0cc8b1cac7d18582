import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRecordedLog } from "@llm-platform/kit/testing";
import { Kysely } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { verifyAuditOffline } from "./audit-offline.ts";
import { formatAuditLine } from "./core/audit-record.ts";
import { sampleChain, sampleEntry } from "./core/sample-audit.test-data.ts";
import { createAuditFile } from "./store/audit-file.ts";
import { auditFolder } from "./store/audit-files.ts";
import { createAuditLog } from "./store/audit-log.ts";
import { migrate } from "./store/migrate.ts";
import { migrations } from "./store/migrations.ts";
import { createSqliteDialect } from "./store/sqlite-dialect.ts";
import { openStore } from "./store/store.ts";
import type { Tables } from "./store/tables.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-offline-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The audit log as a version before there were chains wrote it. */
async function writeOldLog(records: number): Promise<void> {
  const raw = new DatabaseSync(join(directory, "platform.db"));
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < "0009"));
  await migrate({ raw, database, known });
  const insert = raw.prepare("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const chain = sampleChain(records);
  for (const record of chain) {
    const { sequence, timeMs, actor, operation, target } = record;
    const shown = [actor.id, actor.name, operation, target?.id ?? null, target?.name ?? null];
    insert.run(sequence, timeMs, ...shown, formatAuditLine(record));
  }
  await database.destroy();
  const file = createAuditFile({ directory: auditFolder(directory, "") });
  await file.open();
  await file.append(chain);
  await file.close();
}

it("verifies a log from before there were chains, without a server and with one that goes on from it", async () => {
  await writeOldLog(5);
  const before = await verifyAuditOffline(directory);
  expect(before).toMatchObject({ ok: true, records: 5, head: { chain: "", sequence: 5 } });
  const store = await openStore({ directory });
  const audit = await createAuditLog({
    sinks: [store.audit, createAuditFile({ directory: auditFolder(directory, store.chain) })],
    log: createRecordedLog().log,
    nowMs: Date.now,
    onFailure: () => undefined,
  });
  expect(await audit.verify([{ ...before.head }])).toMatchObject([{ records: 5, firstBad: undefined }]);
  await audit.append(sampleEntry());
  expect(await audit.verify()).toMatchObject([{ records: 6, firstBad: undefined }]);
  await audit.close();
  await store.close();
  expect(await verifyAuditOffline(directory)).toMatchObject({ ok: true, records: 6 });
});

it("names the record of an old log that was changed", async () => {
  await writeOldLog(5);
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec("UPDATE audit_log SET actor_name = 'eve' WHERE sequence = 3");
  raw.close();
  expect(await verifyAuditOffline(directory)).toMatchObject({
    ok: false,
    first_bad: { sequence: 3, sink: "database" },
  });
});
