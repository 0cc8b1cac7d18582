import { expect, test } from "vitest";
import type { LedgerRecord } from "../../packages/server/src/core/ledger-record.ts";
import { bucketStart } from "../../packages/server/src/core/usage-buckets.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import { expectSums, mixture, nowMs, whole } from "../../packages/server/src/store/usage-sums.test-data.ts";
import { describeStore } from "./contract.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const never = new AbortController().signal;

describeStore("the sums of the ledger", (given) => {
  const open = (clock: { now: number } = { now: nowMs + hourMs }) =>
    given.place.open({ nowMs: () => clock.now });
  const tamper = (sql: string) => given.place.tamper(sql);

  test("are those of its records, in each resolution", async () => {
    const store = await open();
    const records = mixture(1_000);
    for (let from = 0; from < records.length; from += 100)
      await store.ledger.insertMany(records.slice(from, from + 100));
    await expectSums(store, records);
    expect(store.usage.roller.behind).toBe(0);
  });

  test("tell groups apart, and cost by currency", async () => {
    const { ledger, usage } = await open();
    await ledger.insertMany([
      sampleRecord(1),
      sampleRecord(2, { currency: "EUR", costMicros: 3 }),
      sampleRecord(3, { currency: null, costMicros: null, principal: "team-b" }),
      sampleRecord(4, { upstreamModel: "other" }),
    ]);
    const { groups } = await usage.sum({ ...whole, groupBy: ["upstreamModel"] });
    expect(groups.map(({ of, tally, costs }) => [of, tally.attempts, Object.fromEntries(costs)])).toEqual([
      [{ upstreamModel: "llama-3" }, 3, { USD: 7, EUR: 3 }],
      [{ upstreamModel: "other" }, 1, { USD: 7 }],
    ]);
    expect(await usage.unpriced(whole)).toEqual([
      { integration: "office", upstreamModel: "llama-3", attempts: 1 },
    ]);
    const filtered = await usage.sum({ ...whole, filter: { principal: "team-b" } });
    expect(filtered.groups.map(({ tally }) => tally.attempts)).toEqual([1]);
    expect(await usage.sum({ ...whole, groupBy: ["upstreamModel"], limit: 1 })).toMatchObject({
      isCut: true,
    });
  });

  test("count a record once, however often it is offered", async () => {
    const store = await open();
    const records = mixture(300);
    await store.ledger.insertMany(records.slice(0, 200));
    await store.ledger.insertMany(records.slice(100));
    await store.ledger.insertMany(records);
    await store.usage.roller.flush();
    await store.ledger.insertMany(records.slice(250));
    await expectSums(store, records);
  });

  test("by minute and hour are let go after their time, those by day are not", async () => {
    const clock = { now: nowMs + hourMs };
    const { ledger, usage } = await open(clock);
    await ledger.insertMany([sampleRecord(1), sampleRecord(2, { startedAtMs: nowMs - 10 * dayMs })]);
    await usage.roller.flush();
    const rows = () =>
      tamper(
        "SELECT resolution, count(*) AS count FROM usage_rollups WHERE by_principal = 1 GROUP BY 1 ORDER BY 1",
      );
    expect(await rows()).toEqual([
      { resolution: "day", count: 2 },
      { resolution: "eight_days", count: 2 },
      { resolution: "hour", count: 2 },
      { resolution: "minute", count: 1 },
    ]);
    clock.now = nowMs + 3 * dayMs;
    expect(await usage.horizon.prune()).toBe(2);
    clock.now = nowMs + 85 * dayMs;
    // Of all principals as one, of everything, and of principals alone.
    expect(await usage.horizon.prune()).toBe(3);
    expect(await rows()).toEqual([
      { resolution: "day", count: 2 },
      { resolution: "eight_days", count: 2 },
      { resolution: "hour", count: 1 },
    ]);
    expect(usage.horizon.fromMs("hour")).toBe(bucketStart("hour", nowMs - 5 * dayMs));
    expect(usage.horizon.fromMs("day")).toBe(0);
  });

  test("what was let go does not come back when more is to be kept", async () => {
    const clock = { now: nowMs };
    const { ledger, usage } = await open(clock);
    await ledger.insertMany([sampleRecord(1)]);
    await usage.roller.flush();
    clock.now = nowMs + 10 * dayMs;
    await usage.horizon.prune();
    await given.place.closeAll();
    const store = await given.place.open({
      nowMs: () => clock.now,
      keepSums: { minuteDays: 100, hourDays: 100 },
    });
    expect(store.usage.horizon.fromMs("minute")).toBe(bucketStart("minute", nowMs + 8 * dayMs));
  });

  /** Twice the cost, in euros; nothing for a model. */
  const change = (record: LedgerRecord): LedgerRecord | undefined =>
    record.upstreamModel === "model-1" || record.currency === "EUR"
      ? undefined
      : { ...record, currency: "EUR", costMicros: (record.costMicros ?? 50) * 2, priceVersion: "config:2" };
  const all = { fromMs: 0, untilMs: nowMs + dayMs, limit: 10_000, isDryRun: false, change };

  test("change with a new price, records and sums alike, in runs that go on from each other, and once", async () => {
    const store = await open();
    const records = mixture(450);
    await store.ledger.insertMany(records);
    await store.usage.roller.flush();
    const dry = await store.usage.reprice({ ...all, isDryRun: true }, never);
    await expectSums(store, records);
    const first = await store.usage.reprice({ ...all, limit: 150 }, never);
    expect(first).toMatchObject({ examined: 200, nextCursor: { startedAtMs: expect.any(Number) } });
    const rest = await store.usage.reprice({ ...all, cursor: first.nextCursor ?? undefined }, never);
    expect(rest.nextCursor).toBeNull();
    expect(first.changed + rest.changed).toBe(dry.changed);
    expect(dry.pricedAnew).toBe(90);
    const after = records.map((record) => change(record) ?? record);
    await expectSums(store, after);
    const listed = (await store.ledger.list({ limit: 1_000 })).records;
    const byId = (a: LedgerRecord, b: LedgerRecord) => (a.attemptId < b.attemptId ? -1 : 1);
    expect(listed.toSorted(byId)).toEqual(after.toSorted(byId));
    const again = await store.usage.reprice(all, never);
    expect(again).toMatchObject({ examined: 450, changed: 0 });
    const costs = async (currency: string) =>
      (await store.usage.sum(whole)).groups.map((group) => group.costs.get(currency) ?? 0);
    const sumOf = (of: readonly LedgerRecord[], currency: string) =>
      of.reduce((sum, record) => sum + (record.currency === currency ? (record.costMicros ?? 0) : 0), 0);
    expect(await costs("EUR")).toEqual([sumOf(after, "EUR")]);
    expect(await costs("USD")).toEqual([sumOf(after, "USD")]);
    expect(Object.fromEntries(dry.differences)).toEqual({
      EUR: sumOf(after, "EUR"),
      USD: sumOf(after, "USD") - sumOf(records, "USD"),
    });
  });
});
