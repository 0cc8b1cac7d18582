import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createAuditLog } from "./store/audit-log.ts";
import { sampleRecord } from "./store/sample-record.test-data.ts";
import { openStore } from "./store/store.ts";
import { startUsageUpkeep } from "./usage-upkeep.ts";

let directory = "";
let told: string[] = [];
const tell = (event: string) => void told.push(event);
const log = { debug: tell, info: tell, warn: tell, error: tell };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "usage-upkeep-"));
  told = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

it("fills the sums of a ledger of before, tells of it, and deletes what is too old", async () => {
  const before = await openStore({ directory });
  for (let batch = 0; batch < 25; batch++)
    await before.ledger.insertMany(
      Array.from({ length: 400 }, (_, index) => sampleRecord(batch * 400 + index)),
    );
  await before.close();
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec("DELETE FROM usage_progress; DELETE FROM usage_rollups");
  raw.close();

  const store = await openStore({ directory });
  const audit = await createAuditLog({
    sinks: [store.audit],
    log,
    nowMs: Date.now,
    onFailure: () => undefined,
  });
  const state = { isHeld: true };
  const seals = store.createSeals({ audit, isHeld: () => state.isHeld });
  const nothing = { prune: async () => 0 };
  const parts = {
    store,
    seals,
    content: nothing,
    responses: nothing,
    sealEveryMs: 60_000,
    isInCharge: () => true,
    log,
  };
  const first = startUsageUpkeep({ ...parts, retentionDays: undefined });
  await vi.waitFor(() => expect(told).toContain("usage.sums_filled"), { timeout: 10_000 });
  await first.stop();
  expect(store.usage.roller.behind).toBe(0);
  const unsealed = startUsageUpkeep({ ...parts, retentionDays: 1 });
  await unsealed.stop();
  expect((await store.ledger.list({ limit: 1, order: "earliest" })).records[0]?.requestId).toBe("req_0");
  state.isHeld = false;
  await seals.seal();
  told = [];
  const second = startUsageUpkeep({ ...parts, retentionDays: 1 });
  await vi.waitFor(() => expect(told).toContain("ledger.pruned"), { timeout: 10_000 });
  await second.stop();
  expect((await store.ledger.list({ limit: 10 })).records.map(({ requestId }) => requestId)).toEqual([
    "req_9999",
  ]);
  const whole = {
    resolution: "day",
    fromMs: 0,
    untilMs: Date.now(),
    byBucket: false,
    withHistograms: true,
  } as const;
  const { groups } = await store.usage.sum({
    ...whole,
    fromMs: 1_699_920_000_000,
    groupBy: [],
    filter: {},
    limit: 10,
  });
  expect(groups.map(({ tally }) => tally.attempts)).toEqual([10_000]);
  const [{ head, chain }] = await audit.verify();
  expect(await store.checkSeals([{ ...head, chain }])).toMatchObject({
    rowsNotKept: 10_000,
    firstBad: undefined,
  });
  await audit.close();
  await store.close();
});
