import { expect, it } from "vitest";
import { listLedgerPage } from "../../packages/server/src/store/ledger-table.ts";
import {
  type AskDatabase,
  inlined,
  queriesOf,
} from "../../packages/server/src/store/request-log/asked-queries.test-data.ts";
import { createRequestLog } from "../../packages/server/src/store/request-log/request-log.ts";
import { sampleRecord } from "../../packages/server/src/store/sample-record.test-data.ts";
import { describeStore } from "./contract.ts";

const filter = { principal: "team-a", errorCode: "none", minDurationMs: 7, fromMs: 5 } as const;
const behind = { atMs: 1_700_000_000_900, requestId: "req_900" };

describeStore("the plan of a look at the request log", (given) => {
  /** What the database would do for each statement about a table. */
  async function plansOf(table: string, act: AskDatabase): Promise<readonly string[]> {
    const { place, engine } = given;
    const store = await place.open();
    // Enough that a look at all of them is not what is cheapest.
    const records = Array.from({ length: 4_000 }, (_, number) => sampleRecord(number));
    for (let from = 0; from < records.length; from += 500)
      await store.ledger.insertMany(records.slice(from, from + 500));
    if (engine === "postgres") await place.tamper("ANALYZE usage_ledger");
    const explain = engine === "sqlite" ? "EXPLAIN QUERY PLAN " : "EXPLAIN ";
    const queries = (await queriesOf(engine, act)).filter(({ sql }) => sql.includes(table));
    expect(queries.length).toBeGreaterThan(0);
    const plans: string[] = [];
    for (const query of queries) plans.push(JSON.stringify(await place.tamper(explain + inlined(query))));
    return plans;
  }

  /** Nothing is read from one end to the other; months without a row cost nothing however they are read. */
  function expectIndexed(plans: readonly string[], index: RegExp): void {
    for (const plan of plans) {
      expect(plan).toMatch(index);
      expect(plan).not.toMatch(/Seq Scan on usage_ledger_2023|SCAN usage_ledger/);
    }
  }

  it("for one call goes by its id", async () => {
    const plans = await plansOf("usage_ledger", (database) =>
      createRequestLog(database, null).find("req_77"),
    );
    expectIndexed(plans, /attempt_id/);
  });

  it("for the records of calls in the ledger goes by their ids as well", async () => {
    const plans = await plansOf("usage_ledger", (database) =>
      listLedgerPage(database, { requestIds: ["req_77", "req_78"], limit: 10 }),
    );
    expectIndexed(plans, /attempt_id/);
  });

  it("for a page goes by the time, from where it begins, and sorts nothing", async () => {
    const plans = await plansOf("usage_ledger", (database) =>
      createRequestLog(database, null).list({ filter, limit: 50, order: "latest", behind }),
    );
    expectIndexed(plans, /started_at_ms/);
    for (const plan of plans) expect(plan).not.toMatch(/TEMP B-TREE|"Sort /);
  });

  it("for a ranking goes by the time as well", async () => {
    const plans = await plansOf("usage_ledger", (database) =>
      createRequestLog(database, null).rank({
        filter: { ...filter, fromMs: 1_700_000_000_000, untilMs: 1_700_000_000_100 },
        limit: 50,
        by: "duration",
      }),
    );
    expectIndexed(plans, /started_at_ms/);
  });
});
