import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEventTable } from "./event-table.ts";
import { createKeyValues } from "./key-value-table.ts";
import { createLedgerTable } from "./ledger-table.ts";
import { noLimits } from "../core/limits.ts";
import { migrate } from "./migrate.ts";
import { migrations, schemaFloor } from "./migrations.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";
import { openStore, type Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { createUserTable } from "./user-table.ts";

let directory = "";
let stores: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "store-"));
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  rmSync(directory, { recursive: true });
});

async function open(options: { readonly keepEvents?: number } = {}): Promise<Store> {
  const store = await openStore({ directory, nowMs: () => 1_700_000_000_000, ...options });
  stores.push(store);
  return store;
}

async function closeAll(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
}

describe("opening the store", () => {
  it("refuses a second server on the same folder by name, and lets one in once the first is gone", async () => {
    await open();
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await closeAll();
    await open();
  });

  it("gets in after the server before was killed", async () => {
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const lock = new DatabaseSync(${JSON.stringify(join(directory, "instance.lock"))});
      lock.exec("BEGIN EXCLUSIVE");
      process.kill(process.pid, "SIGKILL");`;
    expect(spawnSync(process.execPath, ["-e", script]).signal).toBe("SIGKILL");
    await open();
  });

  it("says what to do about a damaged database", async () => {
    writeFileSync(
      join(directory, "platform.db"),
      "this is no database, and it is long enough to look at. ".repeat(100),
    );
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/damaged\. Restore it from a backup/),
    });
  });

  it("says so when the folder cannot be made", async () => {
    writeFileSync(join(directory, "file"), "");
    await expect(openStore({ directory: join(directory, "file", "data") })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("cannot be made"),
    });
  });
});

describe("a disk that fails", () => {
  async function openTables() {
    const raw = new DatabaseSync(join(directory, "d.db"));
    const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
    await migrate({ raw, database });
    const ledger = createLedgerTable({ raw, database, walPath: join(directory, "gone-wal") });
    const events = createEventTable({ raw, keep: 10, nowMs: () => 0 });
    return { raw, database, ledger, events };
  }
  const many = Array.from({ length: 500 }, (_, number) =>
    sampleRecord(number, { principal: "p".repeat(200) }),
  );

  it("is an error while it is full, and works on when there is room", async () => {
    const { raw, database, ledger, events } = await openTables();
    raw.exec("PRAGMA max_page_count = 20");
    expect(() => ledger.insertMany(many)).toThrow(
      expect.objectContaining({ code: "unavailable", message: expect.stringContaining("disk is full") }),
    );
    expect((await ledger.list({ limit: 1 })).records).toEqual([]);
    raw.exec("PRAGMA max_page_count = 100000");
    ledger.insertMany(many);
    await events.append({ integration: "a", type: "t", data: {} });
    expect((await ledger.list({ limit: 1_000 })).records.length).toBe(500);
    await database.destroy();
  });

  it("is an error while it is read-only, for every table", async () => {
    const { raw, database, ledger, events } = await openTables();
    raw.exec("PRAGMA query_only = 1");
    const readOnly = expect.objectContaining({
      code: "unavailable",
      message: expect.stringContaining("read-only"),
    });
    expect(() => ledger.insertMany(many)).toThrow(readOnly);
    await expect(events.append({ integration: "a", type: "t", data: {} })).rejects.toEqual(readOnly);
    await expect(createKeyValues(database, "a").set("k", 1)).rejects.toEqual(readOnly);
    await expect(ledger.makeDurable()).rejects.toMatchObject({ code: "unavailable" });
    await database.destroy();
  });
});

describe("migrations", () => {
  function openRaw() {
    const raw = new DatabaseSync(join(directory, "m.db"), { timeout: 0 });
    return { raw, database: new Kysely<Tables>({ dialect: createSqliteDialect(raw) }) };
  }
  const tables = (raw: DatabaseSync) =>
    raw.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'extra'").all().length;
  const further = {
    ...migrations,
    "9999_extra": {
      up: async (database: Kysely<unknown>) =>
        await database.schema.createTable("extra").addColumn("id", "integer").execute(),
    },
  };

  it("run once and can be run again", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database });
    await migrate({ raw, database });
    await migrate({ raw, database, known: further });
    expect(tables(raw)).toBe(1);
    await database.destroy();
  });

  it("add the limits to users and keys that are there, who then have none", async () => {
    const { raw, database } = openRaw();
    const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < "0007"));
    await migrate({ raw, database, known: before });
    raw.exec("INSERT INTO users VALUES ('user_1', 'ada', 'person', NULL, 'admin', 1, 5)");
    await migrate({ raw, database, known: migrations });
    expect(await createUserTable(database).find("user_1")).toMatchObject({ name: "ada", limits: noLimits });
    await database.destroy();
  });

  it("are refused where one with a higher number is there already: every database gets them in one order", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database, known: further });
    const { "9999_extra": extra, ...others } = further;
    const between = { ...others, "9998_between": { up: async () => undefined }, "9999_extra": extra };
    await expect(migrate({ raw, database, known: between })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("9999_extra and not 9998_between"),
    });
    await database.destroy();
  });

  it("of a newer version are let be where they only added", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database, known: further });
    expect(await migrate({ raw, database })).toEqual({ pending: [], newer: ["9999_extra"] });
    expect(tables(raw)).toBe(1);
    await database.destroy();
  });

  it("refuse a schema in which a newer version changed what this one uses", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database, known: further });
    raw.exec("UPDATE schema_floor SET change = '9999_extra'");
    await expect(migrate({ raw, database })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("9999_extra"),
    });
    await database.destroy();
  });

  it("note which of them a version must know, and it is one of them", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database });
    expect(raw.prepare("SELECT change FROM schema_floor").all()).toEqual([{ change: schemaFloor }]);
    expect(Object.keys(migrations)).toContain(schemaFloor);
    await database.destroy();
  });

  it("leave no trace when they fail half-way", async () => {
    const { raw, database } = openRaw();
    const broken = {
      ...further,
      "0004_broken": {
        up: async () => {
          throw new Error("half-way");
        },
      },
    };
    await expect(migrate({ raw, database, known: broken })).rejects.toThrow("half-way");
    expect(tables(raw)).toBe(0);
    await migrate({ raw, database, known: further });
    expect(tables(raw)).toBe(1);
    await database.destroy();
  });

  it("do not run twice at once", async () => {
    const first = openRaw();
    const second = openRaw();
    first.raw.exec("BEGIN IMMEDIATE");
    await expect(migrate(second)).rejects.toThrow("locked");
    first.raw.exec("COMMIT");
    await migrate(second);
    await first.database.destroy();
    await second.database.destroy();
  });
});
