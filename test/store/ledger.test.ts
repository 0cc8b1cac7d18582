import { expect, it } from "vitest";
import type { LedgerRecord } from "../../packages/server/src/core/ledger-record.ts";
import type { LedgerCursor } from "../../packages/server/src/store/ledger-table.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import { describeStore } from "./contract.ts";

const atNow = { nowMs: () => 1_700_000_000_000 };

describeStore("the usage ledger", (test) => {
  it("gives back what was inserted, and takes an attempt once", async () => {
    const { ledger } = await test.place.open(atNow);
    const records = Array.from({ length: 123 }, (_, number) => sampleRecord(number));
    await ledger.insertMany(records);
    await ledger.insertMany([...records, sampleRecord(5, { outcome: "interrupted" })]);
    await ledger.makeDurable();
    const { records: listed, nextCursor } = await ledger.list({ limit: 1_000 });
    expect(listed).toEqual(records.toReversed());
    expect(nextCursor).toBeNull();
  });

  it("keeps every record as it was, however many kinds of call one batch mixes", async () => {
    const { ledger } = await test.place.open(atNow);
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
    const { ledger } = await test.place.open(atNow);
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
    [{ requestIds: ["req_1"] }, 1],
  ])("is filtered by %j", async (filter, count) => {
    const { ledger } = await test.place.open(atNow);
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
    const { ledger } = await test.place.open(atNow);
    await ledger.insertMany([
      sampleRecord(1),
      sampleRecord(1, { attemptId: "req_1.2", attempt: 2 }),
      sampleRecord(1, { attemptId: "req_1.12", attempt: 12 }),
      sampleRecord(10),
      sampleRecord(11),
    ]);
    const { records } = await ledger.list({ requestIds: ["req_1"], limit: 10 });
    expect(records.map(({ requestId, attempt }) => [requestId, attempt])).toEqual([
      ["req_1", 12],
      ["req_1", 2],
      ["req_1", 1],
    ]);
    const several = await ledger.list({ requestIds: ["req_11", "req_1"], attempt: 1, limit: 10 });
    expect(several.records.map(({ attemptId }) => attemptId)).toEqual(["req_11.1", "req_1.1"]);
  });

  it("is paged by the start, also within attempts that began at once, in both orders", async () => {
    const { ledger } = await test.place.open(atNow);
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

  it("forgets what is too old, and of that only what is in the sums", async () => {
    const { ledger, usage } = await test.place.open(atNow);
    await ledger.insertMany([sampleRecord(1), sampleRecord(2), sampleRecord(3)]);
    await usage.roller.flush();
    expect(await ledger.deleteOlderThan(1_700_000_000_003, usage.roller.rolledId)).toBe(2);
    expect((await ledger.list({ limit: 10 })).records.length).toBe(1);
  });

  it("keeps what a client made up for a name as far as the database can", async () => {
    const { ledger, usage } = await test.place.open(atNow);
    const odd = { requestedModel: "a\0b\ud800", upstreamModel: "a\0b\ud800", principal: "p" };
    await ledger.insertMany([sampleRecord(1, odd), sampleRecord(2, { requestedModel: "naïve 🦙" })]);
    await ledger.insertMany([sampleRecord(1, odd)]);
    await usage.roller.flush();
    const { records } = await ledger.list({ limit: 10 });
    expect(records.map(({ requestedModel }) => requestedModel)[0]).toBe("naïve 🦙");
    expect(records).toHaveLength(2);
  });
});
