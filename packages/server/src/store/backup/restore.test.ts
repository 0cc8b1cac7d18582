import { fork } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeInstanceLock } from "../instance-lock.ts";
import { openStore } from "../store.ts";
import { realDisk } from "./backup-disk.ts";
import { backUp, calm, fillDataFolder, query, testTimeMs } from "./backup.test-data.ts";
import { backUpOffline } from "./offline.ts";
import { type RestoreControl, restoreBackup, type Restored } from "./restore.ts";
import { verifyBackup } from "./verify.ts";
import { hashFiles, writeArchive } from "./write-archive.ts";

let root = "";
let data = "";
let target = "";
let file = "";

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "restore-"));
  [data, target] = [join(root, "data"), join(root, "deep", "target")];
  await fillDataFolder(data);
  mkdirSync(join(data, "integrations", "office"), { recursive: true });
  writeFileSync(join(data, "integrations", "office", "state"), "kept");
  file = (await backUp(data, root)).file;
});
afterEach(() => rmSync(root, { recursive: true }));

interface Wanted extends Partial<RestoreControl> {
  readonly isForced?: boolean;
  readonly isDryRun?: boolean;
  readonly file?: string;
}

function restore({ isForced = false, isDryRun = false, ...rest }: Wanted = {}): Promise<Restored> {
  const input = { file: rest.file ?? file, dataDirectory: target, isForced, isDryRun, nowMs: testTimeMs };
  return restoreBackup(input, { ...calm, ...rest });
}

/** The same backup with another database and what is said of it. */
async function altered(
  alter: (database: DatabaseSync) => void,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { manifest } = await restore();
  const database = new DatabaseSync(join(target, "platform.db"));
  alter(database);
  database.close();
  const names = manifest.files.map(({ name }) => name);
  const sizes = names.map((name) => ({ name, bytes: readFileSync(join(target, name)).byteLength }));
  const files = await hashFiles(target, sizes, calm);
  const to = join(root, "altered.tar");
  await writeArchive({
    file: to,
    manifest: { ...manifest, files, ...changes },
    folder: target,
    disk: realDisk,
    ...calm,
  });
  rmSync(target, { recursive: true });
  return to;
}

const listing = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
const without = (names: readonly string[]) => names.filter((name) => !name.startsWith("instance."));

test("into a new folder everything is as it was, and a store opens it", async () => {
  const { manifest, movedTo, dataDirectory } = await restore();
  expect({ movedTo, dataDirectory }).toEqual({ movedTo: undefined, dataDirectory: target });
  expect(without(listing(target))).toEqual([
    "integrations",
    "integrations/office",
    "integrations/office/state",
    "platform.db",
  ]);
  const sizes = manifest.files.map(({ name, bytes }) => ({ name, bytes }));
  expect(await hashFiles(target, sizes, calm)).toEqual(manifest.files);
  renameSync(join(data, "master.key"), join(target, "master.key"));
  const store = await openStore({ directory: target });
  expect((await store.ledger.list({ limit: 100 })).records.length).toBe(20);
  expect(await store.vault.read({ purpose: "integration_config", name: "office" })).toBe("a secret");
  await store.close();
});

test("without its master key the store is sealed", async () => {
  const { manifest } = await restore();
  const store = await openStore({ directory: target });
  expect(store.vault.isSealed).toBe(true);
  expect((await store.vault.status()).keys).toEqual([
    { id: manifest.master_key_ids[0], state: "missing", secrets: 1 },
  ]);
  await store.close();
});

test("a folder that is not empty is refused, and with force moved aside, whole", async () => {
  await fillDataFolder(target);
  mkdirSync(join(target, "models"));
  writeFileSync(join(target, "models", "tiny.gguf"), "weights");
  const before = listing(target);
  await expect(restore()).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/--force/),
  });
  expect(listing(target)).toEqual(before);
  const { movedTo, keyFile } = await restore({ isForced: true });
  expect(without(listing(movedTo ?? ""))).toEqual(without(before));
  expect(query(join(movedTo ?? "", "platform.db"), "SELECT count(*) AS rows FROM usage_ledger")).toEqual([
    { rows: 20 },
  ]);
  // That folder's own key is not the one that the backup needs.
  expect(keyFile).toBeUndefined();
  expect(existsSync(join(target, "master.key"))).toBe(false);
});

test("over the folder that it comes from, it says where the key is now", async () => {
  target = data;
  const { movedTo, keyFile } = await restore({ isForced: true });
  expect(keyFile).toBe(join(movedTo ?? "", "master.key"));
});

test("a folder in use is refused, also for a look", async () => {
  await fillDataFolder(target);
  const lock = takeInstanceLock(target);
  for (const isDryRun of [true, false])
    await expect(restore({ isForced: true, isDryRun })).rejects.toMatchObject({ code: "conflict" });
  lock.release();
  await restore({ isForced: true });
});

test("a dry run proves the backup, says what would be, and writes nothing", async () => {
  expect(await restore({ isDryRun: true })).toMatchObject({ movedTo: undefined });
  expect(existsSync(join(root, "deep"))).toBe(false);
  await fillDataFolder(target);
  const before = listing(target);
  const { movedTo } = await restore({ isDryRun: true, isForced: true });
  expect(movedTo).toMatch(/before-restore-20231114T221320000Z$/);
  expect(listing(target)).toEqual(before);
});

test("one that is damaged changes nothing in the folder", async () => {
  await fillDataFolder(target);
  const before = listing(target);
  const bytes = readFileSync(file);
  bytes[bytes.length - 2_000] = (bytes[bytes.length - 2_000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  await expect(restore({ isForced: true })).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("damaged at"),
  });
  expect(without(listing(target))).toEqual(without(before));
});

test("no room, or an abort, changes nothing either", async () => {
  const disk = { ...realDisk, freeBytes: () => 1_000 };
  await expect(restore({ disk })).rejects.toMatchObject({ code: "insufficient_storage" });
  await expect(restore({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "client_cancelled" });
  expect(without(listing(target))).toEqual([]);
  await restore();
});

/** What the first two migrations did not make. */
const later = [
  "schema_floor",
  "budget_spend",
  "budgets",
  "secrets",
  "audit_log",
  "audit_notes",
  "passwords",
  "sessions",
  "refresh_tokens",
  "signing_keys",
  "usage_rollups",
  "usage_kinds",
  "usage_progress",
  "prices",
  "teams",
  "roles",
  "call_content",
  "pulls",
  "responses",
  "auth_tickets",
  "refused_calls",
  "routes",
];
const laterColumns = [
  ["users", "requests_per_minute"],
  ["users", "tokens_per_minute"],
  ["users", "max_concurrent"],
  ["users", "team_id"],
  ["api_keys", "tokens_per_minute"],
  ["api_keys", "max_concurrent"],
  ["api_keys", "audit"],
  ["api_keys", "capture_content"],
  ["usage_ledger", "price_version"],
  ["usage_ledger", "ends_call"],
  ["usage_ledger", "before_ms"],
  ["usage_ledger", "stages"],
  ["usage_ledger", "head_us"],
  ["usage_ledger", "notes"],
  ["usage_ledger", "replica"],
];

test("a newer schema is refused with a sentence, an older one is migrated at the next start", async () => {
  const newer = await altered(
    (database) => database.exec("INSERT INTO kysely_migration VALUES ('9999_future', '2099')"),
    { migrations: ["0001_first", "0002_identity", "0004_secrets", "9999_future"], version: "9.0.0" },
  );
  for (const attempt of [() => restore({ file: newer }), () => verifyBackup(newer, calm)])
    await expect(attempt()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/newer version of llm-platform \(9\.0\.0.*9999_future/),
    });
  rmSync(target, { recursive: true, force: true });
  rmSync(newer);
  const older = await altered(
    (database) =>
      database.exec(
        `${later.map((table) => `DROP TABLE ${table};`).join("")}
        DROP INDEX usage_ledger_attempt_id;
        ${laterColumns.map(([table, column]) => `ALTER TABLE ${table} DROP COLUMN ${column};`).join("")}
        DELETE FROM kysely_migration WHERE name > '0003'`,
      ),
    {
      migrations: ["0001_first", "0002_identity"],
      master_key_ids: [],
      tables: {
        api_keys: 0,
        events: 0,
        key_values: 1,
        kysely_migration: 2,
        kysely_migration_lock: 1,
        usage_ledger: 20,
        users: 0,
      },
    },
  );
  await restore({ file: older });
  const store = await openStore({ directory: target });
  expect((await store.ledger.list({ limit: 100 })).records.length).toBe(20);
  await store.close();
});

test.each([
  ["a row is missing", "DELETE FROM usage_ledger WHERE id = 3", /usage_ledger has 19 rows/],
  ["a table is missing", "DROP TABLE users", /table users is missing/],
  ["a table is more", "CREATE TABLE more (a)", /table more is not in the manifest/],
  [
    "a change of the schema is missing",
    "UPDATE kysely_migration SET name = '0003' WHERE name LIKE '0004%'",
    /schema/,
  ],
  [
    "a secret has another key",
    "UPDATE secrets SET envelope = 'llmp1.00000000.AAAA'",
    /keys that the manifest says/,
  ],
])("a database whose hash is right is refused when %s", async (_name, sql, message) => {
  const wrong = await altered((database) => database.exec(sql));
  for (const attempt of [() => restore({ file: wrong }), () => verifyBackup(wrong, calm)])
    await expect(attempt()).rejects.toMatchObject({
      field: "platform.db",
      message: expect.stringMatching(message),
    });
});

test("a database that is damaged inside is found, though every hash is right", async () => {
  const to = await altered(() => {
    const path = join(target, "platform.db");
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4_096 * 5, 4_096 * 8);
    writeFileSync(path, bytes);
  });
  await expect(verifyBackup(to, calm)).rejects.toMatchObject({
    field: "platform.db",
    message: expect.stringMatching(/SQLite (finds|says)/),
  });
});

test("whenever a restore is killed, the folder is as before, refused, or restored; and another one completes it", async () => {
  await fillDataFolder(target);
  const program = join(root, "restorer.ts");
  // The n-th rename or the like kills the process before it happens.
  writeFileSync(
    program,
    `import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
let left = Number(process.argv[2]);
for (const name of ["renameSync", "mkdirSync", "rmdirSync", "mkdtempSync"]) {
  const real = fs[name];
  fs[name] = (...args) => { if (left-- <= 0) process.kill(process.pid, "SIGKILL"); return real(...args); };
}
syncBuiltinESMExports();
const { restoreBackup } = await import(${JSON.stringify(join(import.meta.dirname, "restore.ts"))});
await restoreBackup({ file: ${JSON.stringify(file)}, dataDirectory: ${JSON.stringify(target)}, isForced: true, isDryRun: false, nowMs: Date.now() }, { signal: new AbortController().signal });`,
  );
  const seen = new Set<string>();
  for (let steps = 0; ; steps++) {
    const child = fork(program, [String(steps)], { execArgv: ["--no-warnings"], stdio: "pipe" });
    await new Promise((resolve) => child.once("exit", resolve));
    if (child.signalCode === null) {
      expect(child.exitCode).toBe(0);
      break;
    }
    const opened = await openStore({ directory: target }).catch((error: unknown) => error);
    if (opened instanceof Error) {
      expect(opened).toMatchObject({ code: "conflict", message: expect.stringMatching(/was cut off/) });
      seen.add("refused");
    } else {
      seen.add("opened");
      expect(query(join(target, "platform.db"), "SELECT count(*) AS rows FROM usage_ledger")).toEqual([
        { rows: 20 },
      ]);
      if (
        typeof opened === "object" &&
        opened !== null &&
        "close" in opened &&
        typeof opened.close === "function"
      )
        await opened.close();
    }
  }
  expect([...seen].sort()).toEqual(["opened", "refused"]);
  expect(readdirSync(target).filter((name) => /^(restoring-|\.restore)/.test(name))).toEqual([]);
  const store = await openStore({ directory: target });
  await store.close();
  const asides = readdirSync(target).filter((name) => name.startsWith("before-restore-"));
  const keys = asides.filter((name) => existsSync(join(target, name, "master.key")));
  expect(keys.length).toBeGreaterThan(0);
}, 120_000);

test("an offline backup refuses a folder in use, one that is none, and a file that is there", async () => {
  const input = { dataDirectory: data, file: join(root, "offline.tar"), version: "1", createdAtMs: 0 };
  const lock = takeInstanceLock(data);
  await expect(backUpOffline(input, calm)).rejects.toMatchObject({ code: "conflict" });
  lock.release();
  await expect(backUpOffline({ ...input, dataDirectory: root }, calm)).rejects.toMatchObject({
    code: "not_found",
  });
  const made = await backUpOffline(input, calm);
  expect(await verifyBackup(made.file, calm)).toEqual(made.manifest);
  await expect(backUpOffline(input, calm)).rejects.toMatchObject({ code: "conflict" });
});
