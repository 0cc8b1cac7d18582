import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLedgerWatch } from "./ledger-watch.ts";
import type { Observation } from "./load.ts";

const ended: Observation = {
  requestId: "req_a",
  kind: "stream",
  status: 200,
  progress: "ended",
  isCancelled: false,
};
const begun: Observation = { ...ended, requestId: "req_b", progress: "content" };

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ledger-watch-"));
  path = join(folder, "platform.db");
});
afterEach(() => rm(folder, { recursive: true }));

const costPerRow = 3;

function write(rows: readonly (readonly [string, string])[], spent: number): void {
  const database = new DatabaseSync(path);
  database.exec(
    `CREATE TABLE usage_ledger (id INTEGER PRIMARY KEY, attempt_id TEXT, outcome TEXT, cost_micros);
    CREATE TABLE budget_spend (spent_micros); INSERT INTO budget_spend VALUES (${spent})`,
  );
  const insert = database.prepare(
    `INSERT INTO usage_ledger (attempt_id, outcome, cost_micros) VALUES (?, ?, ${costPerRow})`,
  );
  for (const row of rows) insert.run(...row);
  database.close();
}

function violationsOf(
  rows: readonly (readonly [string, string])[],
  seen: readonly Observation[],
  spent = rows.length * costPerRow,
): readonly string[] {
  write(rows, spent);
  const watch = createLedgerWatch(path);
  watch.check(seen);
  watch.checkWhole(10);
  return watch.violations;
}

describe("the comparison of the ledger with what clients saw", () => {
  it("is content when each reply has its row", () => {
    expect(
      violationsOf(
        [
          ["req_a.1", "stop"],
          ["req_b.1", "interrupted"],
        ],
        [ended, begun],
      ),
    ).toEqual([]);
  });

  it("tells a budget that counts something else than the ledger", () => {
    expect(violationsOf([["req_a.1", "stop"]], [ended], costPerRow + 1)).not.toEqual([]);
  });

  it("takes a stream for ended when the record was made before its client could know", () => {
    expect(violationsOf([["req_b.1", "stop"]], [begun])).toEqual([]);
  });

  it.each([
    { name: "an ended reply without a row", rows: [], seen: [ended] },
    { name: "an ended reply whose row says interrupted", rows: [["req_a.1", "interrupted"]], seen: [ended] },
    {
      name: "two rows for one call",
      rows: [
        ["req_a.1", "stop"],
        ["req_a.2", "stop"],
      ],
      seen: [ended],
    },
    {
      name: "an attempt that stands twice",
      rows: [
        ["req_a.1", "stop"],
        ["req_a.1", "stop"],
      ],
      seen: [],
    },
    { name: "a stream that began without a row", rows: [], seen: [begun] },
    {
      name: "a stream that broke off and is said to be left by its client",
      rows: [["req_b.1", "client_cancelled"]],
      seen: [begun],
    },
  ] as const)("tells $name", ({ rows, seen }) => {
    expect(violationsOf(rows, seen)).not.toEqual([]);
  });
});
