import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { createLedgerTable } from "./ledger-table.ts";
import { migrate } from "./migrate.ts";
import { rollups } from "./rollup-migration.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";
import { openStore, type Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { createUsageKinds, otherName } from "./usage-kinds.ts";
import { expectSums, mixture, nowMs, whole } from "./usage-sums.test-data.ts";
import { createUsageSums } from "./usage-sums.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let directory = "";
let stores: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "usage-sums-"));
});
afterEach(async () => {
  await closeAll();
  rmSync(directory, { recursive: true });
});

async function open(clock: { now: number } = { now: nowMs + hourMs }): Promise<Store> {
  const store = await openStore({ directory, nowMs: () => clock.now });
  stores.push(store);
  return store;
}

async function closeAll(): Promise<void> {
  for (const store of stores.splice(0)) await store.close();
}

/** Acts on the database as something would that knows nothing of the store. */
function tamper(sql: string): readonly unknown[] {
  const raw = new DatabaseSync(join(directory, "platform.db"));
  try {
    return raw.prepare(sql).all();
  } finally {
    raw.close();
  }
}

const never = new AbortController().signal;

describe("the sums of the ledger", () => {
  test("go on after a kill from the last row that is in them", async () => {
    const records = mixture(300);
    const store = await open();
    await store.ledger.insertMany(records.slice(0, 40));
    await store.usage.roller.flush();
    await store.ledger.insertMany(records.slice(40, 60));
    // The files as a killed server leaves them: what memory held is lost.
    const killed = join(directory, "killed");
    mkdirSync(killed);
    for (const end of ["", "-wal"])
      copyFileSync(join(directory, `platform.db${end}`), join(killed, `platform.db${end}`));
    const again = await openStore({ directory: killed, nowMs: () => nowMs + hourMs });
    stores.push(again);
    expect(again.usage.roller.behind).toBe(20);
    await again.ledger.insertMany(records);
    await again.usage.roller.catchUp(never);
    await expectSums(again, records);
  });

  test("are filled from a ledger of before, in pieces that may be stopped", async () => {
    const records = mixture(1_700);
    const store = await open();
    await store.ledger.insertMany(records);
    await closeAll();
    for (const table of ["usage_rollups", "usage_progress", "usage_kinds"]) tamper(`DROP TABLE ${table}`);
    const raw = new DatabaseSync(join(directory, "platform.db"));
    const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
    await rollups.up(database);
    await database.destroy();
    const old = await open();
    const stop = new AbortController();
    await old.usage.roller.catchUp(stop.signal, () => stop.abort());
    expect(old.usage.roller.behind).toBe(1_200);
    await closeAll();
    const again = await open();
    await again.ledger.insertMany(mixture(10, 5_000));
    await again.usage.roller.catchUp(never);
    await expectSums(again, [...records, ...mixture(10, 5_000)]);
  });

  test("stay when records are deleted, and ids are not given again", async () => {
    const { ledger, usage } = await open();
    const records = mixture(100);
    await ledger.insertMany(records);
    await usage.roller.flush();
    expect(await ledger.deleteOlderThan(nowMs + dayMs, usage.roller.rolledId)).toBe(99);
    await ledger.insertMany(mixture(5, 900));
    const { groups } = await usage.sum(whole);
    expect(groups.map(({ tally }) => tally.attempts)).toEqual([105]);
  });

  test("keep no record from the ledger while they lack it", async () => {
    const { ledger, usage } = await open();
    await ledger.insertMany(mixture(10));
    expect(await ledger.deleteOlderThan(nowMs + dayMs, usage.roller.rolledId)).toBe(0);
  });
});

describe("a new price", () => {
  /** Twice the cost, in euros; nothing for a model. */
  const change = (record: LedgerRecord): LedgerRecord | undefined =>
    record.upstreamModel === "model-1" || record.currency === "EUR"
      ? undefined
      : { ...record, currency: "EUR", costMicros: (record.costMicros ?? 50) * 2, priceVersion: "config:2" };
  const all = { fromMs: 0, untilMs: nowMs + dayMs, limit: 10_000, isDryRun: false, change };

  test("leaves records alone that are not in the sums, and stops when it is told to", async () => {
    const { ledger, usage } = await open();
    await ledger.insertMany(mixture(300));
    await usage.roller.flush();
    await ledger.insertMany(mixture(10, 1_000));
    const stop = new AbortController();
    stop.abort();
    expect(await usage.reprice(all, stop.signal)).toMatchObject({ examined: 100 });
    expect(await usage.reprice(all, never)).toMatchObject({ examined: 300, nextCursor: null });
  });
});

test("sums that cannot be written stay in memory until they can", async () => {
  const raw = new DatabaseSync(join(directory, "d.db"));
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  await migrate({ raw, database });
  const retention = { minuteDays: 2, hourDays: 90 };
  const usage = await createUsageSums({
    raw,
    database,
    retention,
    nowMs: () => nowMs,
    onWritten: () => undefined,
  });
  const ledger = createLedgerTable({
    raw,
    database,
    walPath: "",
    onInserted: (groups, { inserted }) => usage.roller.noteInserted(groups, inserted),
  });
  ledger.insertMany([sampleRecord(1), sampleRecord(2)]);
  raw.exec("PRAGMA query_only = 1");
  await expect(usage.roller.flush()).rejects.toMatchObject({ code: "unavailable" });
  raw.exec("PRAGMA query_only = 0");
  ledger.insertMany([sampleRecord(3)]);
  expect((await usage.sum(whole)).groups.map(({ tally }) => tally.attempts)).toEqual([3]);
  await database.destroy();
});

test("kinds are bounded: those beyond are counted as others", async () => {
  await open();
  const raw = new DatabaseSync(join(directory, "platform.db"));
  const kinds = createUsageKinds(raw, 3);
  const idOf = (principal: string) => kinds.idOf(sampleRecord(1, { principal }));
  const ids = ["a", "b", "c", "d", "e", "a"].map(idOf);
  expect(ids[5]).toBe(ids[0]);
  expect(new Set(ids).size).toBe(4);
  expect(ids[3]).toBe(ids[4]);
  expect(
    raw.prepare("SELECT principal, upstream_model FROM usage_kinds WHERE id = ?").get(ids[3] ?? 0),
  ).toEqual({ principal: otherName, upstream_model: otherName });
  raw.close();
});
