import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { createEventTable } from "./event-table.ts";
import { createKeyValues } from "./key-value-table.ts";
import { createLedgerTable, type LedgerCursor } from "./ledger-table.ts";
import { noLimits } from "../core/limits.ts";
import { migrate, migrations } from "./migrations.ts";
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

describe("the event table", () => {
  it("gives events rising ids and lists them after an id, by integration", async () => {
    const { events } = await open();
    const first = await events.append({ integration: "a", type: "models.changed", data: { count: 1 } });
    await events.append({ integration: "b", type: "models.changed", data: {} });
    const third = await events.append({ integration: "a", type: "integration.state_changed", data: {} });
    expect(first).toEqual({
      id: 1,
      time: "2023-11-14T22:13:20.000Z",
      integration: "a",
      type: "models.changed",
      data: { count: 1 },
    });
    expect(await events.list({ afterId: 0, limit: 10, integration: "a" })).toEqual([first, third]);
    expect((await events.list({ afterId: first.id, limit: 1 })).map(({ id }) => id)).toEqual([2]);
  });

  it("keeps the newest only, and never gives an id twice", async () => {
    const { events } = await open({ keepEvents: 10 });
    for (let count = 0; count < 350; count++) await events.append({ integration: "a", type: "t", data: {} });
    const kept = await events.list({ afterId: 0, limit: 1_000 });
    expect(kept.length).toBeLessThanOrEqual(10 + 100);
    expect(kept.at(-1)?.id).toBe(350);
    await closeAll();
    const { events: after } = await open();
    expect((await after.append({ integration: "a", type: "t", data: {} })).id).toBe(351);
  });
});

describe("key-values", () => {
  it("belong to one integration and outlive a restart", async () => {
    const store = await open();
    await store.keyValues("a").set("k", { deep: [1, null] });
    await store.keyValues("a").set("k", { deep: [2] });
    expect(await store.keyValues("b").get("k")).toBeUndefined();
    await closeAll();
    const again = (await open()).keyValues("a");
    expect(await again.get("k")).toEqual({ deep: [2] });
    await again.delete("k");
    expect(await again.get("k")).toBeUndefined();
  });

  it("refuse what is too large", async () => {
    const values = (await open()).keyValues("a");
    await expect(values.set("k".repeat(257), 1)).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(values.set("k", "v".repeat(65_536))).rejects.toMatchObject({ code: "payload_too_large" });
    await values.set("k".repeat(256), "v".repeat(65_534));
  });
});

describe("the usage ledger", () => {
  it("gives back what was inserted, and takes an attempt once", async () => {
    const { ledger } = await open();
    const records = Array.from({ length: 123 }, (_, number) => sampleRecord(number));
    await ledger.insertMany(records);
    await ledger.insertMany([...records, sampleRecord(5, { outcome: "interrupted" })]);
    await ledger.makeDurable();
    const { records: listed, nextCursor } = await ledger.list({ limit: 1_000 });
    expect(listed).toEqual(records.toReversed());
    expect(nextCursor).toBeNull();
  });

  it("keeps every record as it was, however many kinds of call one batch mixes", async () => {
    const { ledger } = await open();
    const kinds: readonly Partial<LedgerRecord>[] = [
      {},
      { stream: false, firstByteMs: null },
      { outcome: "upstream_error", httpStatus: 500, errorCode: "upstream_error" },
      { costMicros: null, currency: null, usageSource: "estimated" },
      { principal: "team-b", requestedModel: "gros modèle" },
      { cacheReadTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3 },
    ];
    const records = Array.from({ length: 250 }, (_, number) => sampleRecord(number, kinds[number ** 2 % 7]));
    await ledger.insertMany(records);
    const { records: listed } = await ledger.list({ limit: 1_000 });
    expect(listed.toSorted((a, b) => a.startedAtMs - b.startedAtMs)).toEqual(records);
  });

  it("is paged without gaps or repeats", async () => {
    const { ledger } = await open();
    await ledger.insertMany(Array.from({ length: 25 }, (_, number) => sampleRecord(number)));
    const seen: string[] = [];
    let cursor: LedgerCursor | undefined;
    do {
      const page = await ledger.list({ limit: 10, cursor });
      seen.push(...page.records.map(({ attemptId }) => attemptId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, number) => `req_${24 - number}.1`));
  });

  it.each([
    [{ fromMs: 1_700_000_000_003 }, 2],
    [{ untilMs: 1_700_000_000_003 }, 3],
    [{ integration: "other" }, 1],
    [{ principal: "nobody" }, 0],
    [{ outcome: "length" as const }, 1],
    [{ upstreamModel: "llama-3", integration: "office" }, 4],
    [{ requestId: "req_1" }, 1],
  ])("is filtered by %j", async (filter, count) => {
    const { ledger } = await open();
    await ledger.insertMany([
      sampleRecord(0),
      sampleRecord(1),
      sampleRecord(2, { integration: "other" }),
      sampleRecord(3, { outcome: "length" }),
      sampleRecord(4),
    ]);
    expect((await ledger.list({ ...filter, limit: 10 })).records.length).toBe(count);
  });

  it("finds every attempt of a request and none of one with a longer id", async () => {
    const { ledger } = await open();
    await ledger.insertMany([
      sampleRecord(1),
      sampleRecord(1, { attemptId: "req_1.2", attempt: 2 }),
      sampleRecord(1, { attemptId: "req_1.12", attempt: 12 }),
      sampleRecord(10),
      sampleRecord(11),
    ]);
    const { records } = await ledger.list({ requestId: "req_1", limit: 10 });
    expect(records.map(({ requestId, attempt }) => [requestId, attempt])).toEqual([
      ["req_1", 12],
      ["req_1", 2],
      ["req_1", 1],
    ]);
  });

  it("is paged by the start, also within attempts that began at once, in both orders", async () => {
    const { ledger } = await open();
    const starts = [5, 3, 5, 9, 5, 1, 3];
    await ledger.insertMany(starts.map((startedAtMs, number) => sampleRecord(number, { startedAtMs })));
    for (const [order, expected] of [
      ["latest", "req_3 req_4 req_2 req_0 req_6 req_1 req_5"],
      ["earliest", "req_5 req_1 req_6 req_0 req_2 req_4 req_3"],
    ] as const) {
      const seen: string[] = [];
      let cursor: LedgerCursor | undefined;
      do {
        const page = await ledger.list({ limit: 2, cursor, order });
        seen.push(...page.records.map(({ requestId }) => requestId));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen.join(" ")).toBe(expected);
    }
  });

  it("forgets what is too old", async () => {
    const { ledger } = await open();
    await ledger.insertMany([sampleRecord(1), sampleRecord(2), sampleRecord(3)]);
    expect(await ledger.deleteOlderThan(1_700_000_000_003, 3)).toBe(2);
    expect((await ledger.list({ limit: 10 })).records.length).toBe(1);
  });
});

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

  it("come to a database also when one with a higher number is there already", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database, known: further });
    const { "9999_extra": extra, ...others } = further;
    const between = { ...others, "9998_between": { up: async () => undefined }, "9999_extra": extra };
    await migrate({ raw, database, known: between });
    expect(raw.prepare("SELECT count(*) AS count FROM kysely_migration").get()).toEqual({
      count: Object.keys(between).length,
    });
    await database.destroy();
  });

  it("refuse a schema that a newer version wrote", async () => {
    const { raw, database } = openRaw();
    await migrate({ raw, database, known: further });
    await expect(migrate({ raw, database })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("9999_extra"),
    });
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
