import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PlatformError } from "@llm-platform/kit";
import { createRecordedLog } from "@llm-platform/kit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toSealEntry } from "../core/usage-seal.ts";
import { createAuditFile } from "./audit-file.ts";
import { type AuditLog, createAuditLog } from "./audit-log.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import { openStore, type Store } from "./store.ts";
import type { UsageSeals } from "./usage-seals.ts";

interface Opened {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly seals: UsageSeals;
}

let directory = "";
let opened: Opened | undefined;
let isHeld = false;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "usage-seals-"));
  isHeld = false;
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

async function open(): Promise<Opened> {
  const store = await openStore({ directory });
  const audit = await createAuditLog({
    sinks: [store.audit, createAuditFile({ directory: join(directory, "audit") })],
    log: createRecordedLog().log,
    nowMs: Date.now,
    onFailure: () => undefined,
  });
  opened = { store, audit, seals: store.createSeals({ audit, isHeld: () => isHeld }) };
  return opened;
}

async function close(): Promise<void> {
  await opened?.audit.close();
  await opened?.store.close();
  opened = undefined;
}

async function insert({ store }: Opened, from: number, count: number): Promise<void> {
  await store.ledger.insertMany(Array.from({ length: count }, (_, index) => sampleRecord(from + index)));
}

async function check({ audit, store }: Opened) {
  const [{ head, firstBad, chain }] = await audit.verify();
  expect(firstBad).toBeUndefined();
  return store.checkSeals([{ ...head, chain }]);
}

function spoil(sql: string): void {
  const raw = new DatabaseSync(join(directory, "platform.db"), { timeout: 5_000 });
  raw.exec(sql);
  raw.close();
}

describe("seals of the ledger", () => {
  it("cover every row once, also over a restart, and name how far they go", async () => {
    const first = await open();
    expect(await first.seals.seal()).toBe(0);
    await insert(first, 0, 1_250);
    expect(await first.seals.seal()).toBe(1_250);
    expect(await first.seals.seal()).toBe(0);
    await close();
    const second = await open();
    expect(await second.seals.sealedId()).toBe(1_250);
    await insert(second, 1_250, 30);
    expect(await second.seals.seal()).toBe(30);
    expect(await check(second)).toEqual({ seals: 3, rows: 1_280, rowsNotKept: 0, firstBad: undefined });
    const listed = await second.store.audit.list({ operation: "usage.sealed", limit: 10 });
    expect(listed.map(({ after }) => after)).toMatchObject([
      { first_id: 1_251, last_id: 1_280, rows: 30 },
      { first_id: 1_001, last_id: 1_250, rows: 250 },
      { first_id: 1, last_id: 1_000, rows: 1_000 },
    ]);
    expect(await second.store.audit.list({ limit: 10 })).toEqual([]);
  });

  it.each([
    ["a changed byte", "UPDATE usage_ledger SET principal = 'team-b' WHERE id = 1150", 1_101, "rows_changed"],
    ["fewer tokens", "UPDATE usage_ledger SET output_tokens = 4 WHERE id = 1", 1, "rows_changed"],
    ["a deleted row", "DELETE FROM usage_ledger WHERE id = 777", 751, "rows_missing"],
    ["deleted rows at the end", "DELETE FROM usage_ledger WHERE id > 1190", 1_151, "rows_missing"],
    ["a row that was moved away", "UPDATE usage_ledger SET id = 5000 WHERE id = 5", 1, "rows_missing"],
    [
      "a row that was put in",
      "UPDATE usage_ledger SET id = -3 WHERE id = 1200; INSERT INTO usage_ledger (id, attempt_id, started_at_ms, principal, operation, requested_model, integration, provider, upstream_model, stream, duration_ms, first_byte_ms, outcome, http_status, error_code, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, usage_source, cost_micros, currency, price_version) SELECT 1200, 'req_x.1', started_at_ms, principal, operation, requested_model, integration, provider, upstream_model, stream, duration_ms, first_byte_ms, outcome, http_status, error_code, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, usage_source, cost_micros, currency, price_version FROM usage_ledger WHERE id = 7",
      1,
      "rows_added",
    ],
  ])("show %s, and between which rows it is", async (_what, sql, firstId, reason) => {
    const all = await open();
    await insert(all, 0, 1_200);
    await all.seals.seal();
    spoil(sql);
    expect((await check(all)).firstBad).toMatchObject({ firstId, lastId: firstId + 49, reason });
  });

  it("cover rows as they were inserted, not as they were found", async () => {
    const all = await open();
    await insert(all, 0, 1_200);
    spoil("UPDATE usage_ledger SET principal = 'team-b' WHERE id = 777");
    expect(await all.seals.seal()).toBe(1_200);
    expect((await check(all)).firstBad).toMatchObject({ firstId: 751, reason: "rows_changed" });
  });

  it("take rows from the ledger that are not there as they were drafted", async () => {
    const all = await open();
    await insert(all, 0, 120);
    spoil("DELETE FROM usage_ledger WHERE id = 7");
    expect(await all.seals.seal()).toBe(119);
    await insert(all, 120, 10);
    expect(await all.seals.seal()).toBe(10);
    expect(await check(all)).toMatchObject({ rows: 129, firstBad: undefined });
  });

  it("cover names that hold anything, and times that are no whole numbers", async () => {
    const all = await open();
    const odd = ['a "quoted" \\ name', "Zürich\n\t", "half \ud83d", "\u0007", "語"];
    await all.store.ledger.insertMany(
      odd.map((requestedModel, index) =>
        sampleRecord(index, { requestedModel, durationMs: index + 0.1 + 0.2 }),
      ),
    );
    expect(await all.seals.seal()).toBe(odd.length);
    expect(await check(all)).toMatchObject({ rows: odd.length, firstBad: undefined });
  });

  it("come to an end while rows keep coming, and cover those with the next", async () => {
    const all = await open();
    await insert(all, 0, 10);
    let next = 10;
    const audit = {
      append: async (entry: Parameters<AuditLog["append"]>[0]) => {
        await all.audit.append(entry);
        await insert(all, next++, 1);
      },
    };
    const seals = all.store.createSeals({ audit, isHeld: () => false });
    expect(await seals.seal()).toBe(10);
    expect(await seals.seal()).toBe(1);
  });

  it("cover at once what was left before a restart and what came after it", async () => {
    await insert(await open(), 0, 70);
    await close();
    const all = await open();
    await insert(all, 70, 5);
    expect(await all.seals.seal()).toBe(75);
    expect(await check(all)).toMatchObject({ rows: 75, firstBad: undefined });
  });

  it("show a seal that skips rows", async () => {
    const all = await open();
    await insert(all, 0, 10);
    await all.seals.seal();
    // As if somebody had been able to leave a seal out.
    const piece = { lastId: 30, rows: 0, earliestMs: 0, sha256: "" };
    await all.audit.append(toSealEntry({ firstId: 21, pieces: [piece] }, Date.now()));
    expect((await check(all)).firstBad).toMatchObject({ firstId: 11, lastId: 20, reason: "unsealed" });
  });

  it("have nothing against a price that is reckoned anew", async () => {
    const all = await open();
    await insert(all, 0, 50);
    await all.store.usage.roller.flush();
    await all.seals.seal();
    const { signal } = new AbortController();
    const wanted = { fromMs: 0, untilMs: Date.now(), limit: 100, isDryRun: false };
    const report = await all.store.usage.reprice(
      { ...wanted, change: (record) => ({ ...record, costMicros: 99, priceVersion: "new" }) },
      signal,
    );
    expect(report.changed).toBe(50);
    expect(await check(all)).toMatchObject({ rows: 50, firstBad: undefined });
  });

  it("say of rows that retention deleted that they are not kept any more, and still check the others", async () => {
    const all = await open();
    await insert(all, 0, 500);
    await all.store.usage.roller.flush();
    await all.seals.seal();
    const untilMs = 1_700_000_000_000 + 250;
    const settledId = await all.seals.sealedId();
    expect(await all.store.ledger.hasOlderThan(untilMs, settledId)).toBe(true);
    await all.seals.notePruned(untilMs);
    expect(await all.store.ledger.deleteOlderThan(untilMs, settledId)).toBe(250);
    expect(await all.store.ledger.hasOlderThan(untilMs, settledId)).toBe(false);
    expect(await check(all)).toEqual({ seals: 1, rows: 250, rowsNotKept: 250, firstBad: undefined });
    spoil("DELETE FROM usage_ledger WHERE id = 420");
    expect((await check(all)).firstBad).toMatchObject({ firstId: 401, reason: "rows_missing" });
  });

  it("wait while a backup is made, and while nothing can be put on record", async () => {
    const all = await open();
    await insert(all, 0, 10);
    isHeld = true;
    expect(await all.seals.seal()).toBe(0);
    isHeld = false;
    const refused = new PlatformError("audit_unavailable", "There is no room.");
    const audit = { append: () => Promise.reject(refused) };
    const failing = all.store.createSeals({ audit, isHeld: () => false });
    await expect(failing.seal()).rejects.toBe(refused);
    expect(await failing.sealedId()).toBe(0);
    expect(await all.seals.seal()).toBe(10);
  });
});
