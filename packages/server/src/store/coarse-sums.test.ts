import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LedgerRecord } from "../core/ledger-record.ts";
import type { SumsQuery } from "./rollup-query.ts";
import { coarseRollups } from "./rollup-migration.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";
import { openStore, type Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { mixture, nowMs, tallyOf, toPlain, whole } from "./usage-sums.test-data.ts";

const dayMs = 86_400_000;
let directory = "";
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "coarse-sums-"));
  store = await openStore({ directory, nowMs: () => nowMs });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

/** Records of forty days, and so of buckets of eight days that are whole, and ends that are not. */
const spread = (): readonly LedgerRecord[] =>
  mixture(600).map((record, index) => ({
    ...record,
    startedAtMs: nowMs - (index % 40) * dayMs - index * 1_000,
    firstByteMs: null,
  }));

async function expectGroups(records: readonly LedgerRecord[]): Promise<void> {
  const questions: readonly (readonly [Partial<SumsQuery>, (record: LedgerRecord) => string | undefined])[] =
    [
      [{}, () => ""],
      [{ groupBy: ["principal"] }, ({ principal }) => principal],
      [{ groupBy: ["upstreamModel"] }, ({ upstreamModel }) => upstreamModel],
      [
        { groupBy: ["principal", "upstreamModel"] },
        ({ principal, upstreamModel }) => `${principal} ${upstreamModel}`,
      ],
      [
        { groupBy: ["principal"], filter: { upstreamModel: "model-1" } },
        ({ principal, upstreamModel }) => (upstreamModel === "model-1" ? principal : undefined),
      ],
      [
        { groupBy: [], filter: { principal: "team-1" } },
        ({ principal }) => (principal === "team-1" ? "" : undefined),
      ],
    ];
  for (const [changes, nameOf] of questions)
    for (const resolution of ["hour", "day"] as const) {
      const { groups } = await store.usage.sum({
        ...whole,
        fromMs: nowMs - (nowMs % dayMs) - 50 * dayMs,
        ...changes,
        resolution,
      });
      const expected = Map.groupBy(records, nameOf);
      expected.delete(undefined);
      expect(
        groups.map(({ of, tally }) => [
          [of.principal, of.upstreamModel].filter(Boolean).join(" "),
          toPlain(tally),
        ]),
      ).toEqual([...expected].sort().map(([name, each]) => [name, toPlain(tallyOf(each))]));
    }
}

test("sums over a long time are those of its records, from coarse buckets and principals alone, and as well without percentiles", async () => {
  await store.ledger.insertMany(spread());
  await expectGroups(spread());
  const { groups } = await store.usage.sum({ ...whole, groupBy: ["principal"], withHistograms: false });
  expect(groups.map(({ tally }) => [tally.attempts, tally.durations.count])).toEqual([
    [150, 0],
    [150, 0],
    [150, 0],
    [150, 0],
  ]);
});

test("sums of a database from before coarse ones get these from the finer", async () => {
  await store.ledger.insertMany(spread());
  await store.close();
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec("DELETE FROM usage_rollups WHERE resolution = 'eight_days' OR by_principal = 2");
  raw.exec("DELETE FROM usage_kinds WHERE upstream_model = ''");
  const database = new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
  await coarseRollups.up(database);
  await database.destroy();
  store = await openStore({ directory, nowMs: () => nowMs });
  await expectGroups(spread());
  await store.ledger.insertMany(mixture(10, 5_000));
  await expectGroups([...spread(), ...mixture(10, 5_000)]);
});
