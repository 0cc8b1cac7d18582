import fc from "fast-check";
import { expect, it } from "vitest";
import type { RefusedCall } from "../../packages/server/src/core/refused-call.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import type { RequestPlace } from "../../packages/server/src/store/request-log/logged-request.ts";
import type { RequestFilter } from "../../packages/server/src/store/request-log/request-filter.ts";
import type { RequestLog } from "../../packages/server/src/store/request-log/request-log.ts";
import { describeStore } from "./contract.ts";

const startMs = 1_700_000_000_000;

function refusedCall(number: number, changes: Partial<RefusedCall> = {}): RefusedCall {
  return {
    requestId: `req_${number}`,
    startedAtMs: startMs + number,
    durationMs: 1,
    principal: "team-a",
    operation: "chat",
    requestedModel: "llama",
    stream: false,
    attempts: 0,
    httpStatus: 429,
    errorCode: "rate_limited",
    message: "Wait a while.",
    stages: null,
    notes: null,
    ...changes,
  };
}

/** What can be asked for, and which of four calls it leaves. */
const filters: readonly (readonly [RequestFilter, readonly string[]])[] = [
  [{ status: "ok" }, ["req_1"]],
  [{ status: "failed" }, ["req_2"]],
  [{ status: "cancelled" }, ["req_3"]],
  [{ status: "refused" }, ["req_4"]],
  [{ errorCode: "rate_limited" }, ["req_4"]],
  [{ minDurationMs: 100 }, ["req_2"]],
  [{ minCostMicros: 8 }, ["req_3"]],
  [{ principal: "nobody" }, []],
  [{ owners: [{ principal: "team-a", fromMs: startMs + 3 }] }, ["req_4", "req_3"]],
  [{ model: "llama-3" }, ["req_3", "req_2", "req_1"]],
  [{ integration: "office", fromMs: startMs + 2 }, ["req_3", "req_2"]],
  [{ stream: false }, ["req_4"]],
  [{ search: "req_3" }, ["req_3"]],
  [{ search: "LAMA-" }, ["req_3", "req_2", "req_1"]],
  [{ search: "%" }, []],
];

/** Every page of the log in an order, from its beginning to its end. */
async function readAll(
  log: RequestLog,
  {
    order,
    limit,
    between,
  }: { readonly order: "latest" | "earliest"; readonly limit: number; between?(): Promise<void> },
): Promise<readonly string[]> {
  const ids: string[] = [];
  let behind: RequestPlace | undefined;
  for (;;) {
    const page = await log.list({ filter: {}, limit, order, behind });
    ids.push(...page.requests.map(({ requestId }) => requestId));
    if (page.goesOnBehind === undefined) return ids;
    behind = page.goesOnBehind;
    await between?.();
  }
}

describeStore("the request log", (given) => {
  it("is paged in both orders: no call comes twice, and none is lost while others are written", async () => {
    const store = await given.place.open();
    const state = { number: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ isRefused: fc.boolean(), atMs: fc.nat(3) }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom("latest" as const, "earliest" as const),
        async (calls, limit, order) => {
          for (const { isRefused, atMs } of calls) {
            const number = state.number++;
            const startedAtMs = startMs + atMs;
            if (isRefused) await store.requestLog.addRefused([refusedCall(number, { startedAtMs })]);
            else await store.ledger.insertMany([sampleRecord(number, { startedAtMs })]);
          }
          const before = state.number;
          const ids = await readAll(store.requestLog, {
            order,
            limit,
            // What is written meanwhile may come or not, but moves nothing.
            between: async () => {
              const number = state.number++;
              await store.ledger.insertMany([sampleRecord(number, { startedAtMs: startMs + (number % 4) })]);
            },
          });
          expect(new Set(ids).size).toBe(ids.length);
          const old = Array.from({ length: before }, (_, number) => `req_${number}`);
          expect(old.every((id) => ids.includes(id))).toBe(true);
        },
      ),
      { numRuns: 8 },
    );
  });

  it("tells of a call by its id, with every attempt and what they cost together", async () => {
    const store = await given.place.open();
    await store.ledger.insertMany([
      sampleRecord(1, { endsCall: false, outcome: "upstream_error" }),
      sampleRecord(1, { attemptId: "req_1.2", attempt: 2, startedAtMs: startMs + 9, beforeMs: 8 }),
      sampleRecord(12),
      sampleRecord(2, { endsCall: false, outcome: "upstream_error" }),
    ]);
    await store.requestLog.addRefused([
      refusedCall(2, { attempts: 1, errorCode: "upstream_error" }),
      refusedCall(3),
    ]);
    expect(await store.requestLog.find("req_1")).toMatchObject({
      request: { status: "ok", attempts: 2, durationMs: 20, inputTokens: 20, costs: [{ costMicros: 14 }] },
      attempts: [{ attempt: 1 }, { attempt: 2 }],
    });
    expect(await store.requestLog.find("req_2")).toMatchObject({
      request: { status: "failed", inputTokens: 10, costs: [{ costMicros: 7 }] },
      attempts: [{ attempt: 1 }],
    });
    expect(await store.requestLog.find("req_3")).toMatchObject({
      request: { status: "refused" },
      attempts: [],
    });
    expect(await store.requestLog.find("req_4")).toBeUndefined();
    const { requests } = await store.requestLog.list({ filter: {}, limit: 10, order: "latest" });
    expect(requests.map(({ requestId, attempts }) => `${requestId} ${attempts}`)).toEqual([
      "req_12 1",
      "req_1 2",
      "req_3 0",
      "req_2 1",
    ]);
  });

  it("is filtered by each thing that can be asked for", async () => {
    const store = await given.place.open();
    await store.ledger.insertMany([
      sampleRecord(1),
      sampleRecord(2, { outcome: "upstream_timeout", durationMs: 60, beforeMs: 50 }),
      sampleRecord(3, { outcome: "client_cancelled", costMicros: 9 }),
    ]);
    await store.requestLog.addRefused([refusedCall(4)]);
    const found: Record<string, readonly string[]> = {};
    for (const [filter] of filters) {
      const { requests } = await store.requestLog.list({ filter, limit: 10, order: "latest" });
      found[JSON.stringify(filter)] = requests.map(({ requestId }) => requestId);
    }
    expect(found).toEqual(Object.fromEntries(filters.map(([filter, ids]) => [JSON.stringify(filter), ids])));
  });

  it("is sorted by duration and by cost, page by page", async () => {
    const store = await given.place.open();
    await store.ledger.insertMany(
      [5, 3, 9, 3].map((size, number) => sampleRecord(number, { durationMs: size, costMicros: size * 10 })),
    );
    await store.requestLog.addRefused([refusedCall(7, { durationMs: 4 })]);
    for (const [by, order] of [
      ["duration", ["req_2", "req_0", "req_7", "req_3", "req_1"]],
      ["cost", ["req_2", "req_0", "req_3", "req_1", "req_7"]],
    ] as const) {
      const ids: string[] = [];
      let page = await store.requestLog.rank({ filter: {}, limit: 2, by });
      for (;;) {
        ids.push(...page.requests.map(({ requestId }) => requestId));
        if (page.next === undefined) break;
        page = await store.requestLog.rank({ filter: {}, limit: 2, by, behind: page.next });
      }
      expect(ids).toEqual(order);
    }
  });

  it("is followed from where it ends", async () => {
    const store = await given.place.open();
    await store.ledger.insertMany([sampleRecord(1)]);
    const position = await store.requestLog.position(Date.now());
    await store.ledger.insertMany([sampleRecord(2, { endsCall: false }), sampleRecord(3)]);
    await store.requestLog.addRefused([refusedCall(4)]);
    const { requests, position: next } = await store.requestLog.after(position, 10);
    expect(requests.map(({ requestId }) => requestId)).toEqual(["req_3", "req_4"]);
    expect(next.ledgerId).toBeGreaterThan(position.ledgerId);
  });

  it("forgets refused calls that are too old", async () => {
    const store = await given.place.open();
    await store.requestLog.addRefused([refusedCall(1), refusedCall(5)]);
    expect(await store.requestLog.pruneRefused(startMs + 3)).toBe(1);
    expect(await store.requestLog.find("req_1")).toBeUndefined();
    expect(await store.requestLog.find("req_5")).toBeDefined();
  });
});
