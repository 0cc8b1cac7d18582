import { once } from "node:events";
import { createServer, get } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createAuditor } from "../../control/auditor.ts";
import { localAdmin } from "../../core/principal.ts";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { LedgerPageQuery } from "../../store/ledger-table.ts";
import { sampleRecord } from "../../store/sample-record.test-data.ts";
import { createRestServer } from "./server.ts";
import { createUsageExport } from "./usage-export.ts";

const nowMs = 1_800_000_000_000;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A ledger of so many records, that notes what it is asked and may fail at a page. */
function ledgerOf(count: number, failAtPage = Number.POSITIVE_INFINITY) {
  const asked: LedgerPageQuery[] = [];
  return {
    asked,
    async list(query: LedgerPageQuery) {
      asked.push(query);
      if (asked.length >= failAtPage) throw new Error("the disk is gone");
      const from = query.cursor?.id ?? 0;
      const until = Math.min(count, from + query.limit);
      const records: LedgerRecord[] = [];
      for (let number = from; number < until; number++) records.push(sampleRecord(number));
      return { records, nextCursor: until < count ? { startedAtMs: 0, id: until } : null };
    },
  };
}

const ignore = () => undefined;
const done = () => Promise.resolve();

async function serve(ledger: ReturnType<typeof ledgerOf>): Promise<string> {
  const log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log };
  const rest = await createRestServer({
    operations: [],
    authenticator: { authenticate: () => localAdmin },
    auditor: createAuditor({ audit: { append: done, appendOrKeep: done }, nowMs: Date.now }),
    readCaller: (peer) => peer,
    log,
    streams: [createUsageExport(ledger, () => nowMs)],
  });
  const server = createServer((request, response) => rest.handler(request, response, "")).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await rest.stop();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/api/v1/usage/export`;
}

test("a file of many pages has every record once, up to the moment of the request", async () => {
  const ledger = ledgerOf(1_234);
  const url = await serve(ledger);
  const records: unknown = await (await fetch(`${url}?format=json`)).json();
  expect(Array.isArray(records) && records.length).toBe(1_234);
  expect(ledger.asked.map(({ limit, untilMs, order }) => [limit, untilMs, order])).toEqual(
    Array.from({ length: 3 }, () => [500, nowMs, "earliest"]),
  );
});

test("a client that does not read or leaves is given no more pages", async () => {
  const ledger = ledgerOf(5_000_000);
  const url = await serve(ledger);
  const request = get(url);
  const [response] = await once(request, "response");
  response.once("readable", ignore);
  await once(response, "readable");
  const before = ledger.asked.length;
  response.destroy();
  await new Promise(setImmediate);
  expect(before).toBeLessThan(2_000);
  expect(ledger.asked.length).toBeLessThan(2_000);
});

test("a ledger that fails at once is an error, and later a file that breaks off", async () => {
  const first = await fetch(await serve(ledgerOf(10, 1)));
  expect(first.status).toBe(500);
  const later = await fetch(await serve(ledgerOf(5_000, 3)));
  expect(later.status).toBe(200);
  await expect(later.text()).rejects.toThrow("terminated");
});
