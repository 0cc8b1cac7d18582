import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPriceTable } from "../core/prices.ts";
import { openStore, type Store } from "../store/store.ts";
import { createPriceKeeper } from "./price-keeper.ts";
import { toPriceEntry } from "./price-version.ts";

const nowMs = 1_700_000_000_000;
const told: string[] = [];
let directory = "";
let store: Store;

beforeEach(async () => {
  told.length = 0;
  directory = mkdtempSync(join(tmpdir(), "price-keeper-"));
  store = await openStore({ directory });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

function open() {
  const fixed = [
    toPriceEntry("config", { model: "*", inputPerMillion: 7, outputPerMillion: 7, currency: "USD" }),
  ];
  const prices = createPriceTable(fixed);
  const tell = (event: string) => void told.push(event);
  const log = { debug: tell, info: tell, warn: tell, error: tell };
  const keeper = createPriceKeeper({ rows: store.prices, fixed, prices, log });
  keeper.onChange(() => tell("changed"));
  const inputAt = (model: string, atMs: number) =>
    prices.lookup({ integration: "i", provider: "p", model, atMs })?.input;
  return { keeper, inputAt };
}

async function put(model: string, effectiveFromMs: number, terms: string): Promise<void> {
  const scope = { integration: undefined, provider: undefined, model };
  await store.prices.put({ ...scope, effectiveFromMs, terms, changedAtMs: nowMs, changedBy: "anna" });
}

function priced(input: number): string {
  return JSON.stringify({ input_per_million: input, output_per_million: input, currency: "USD" });
}

function tamper(terms: string): void {
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.prepare("UPDATE prices SET terms = ?").run(terms);
  raw.close();
}

test("each price holds from its time until the next of the same models, and ends where it was ended", async () => {
  const { keeper, inputAt } = open();
  await put("m", nowMs, priced(1));
  await put("m", nowMs + 100, priced(2));
  await put("m", nowMs + 300, priced(3));
  await keeper.reload();
  const scope = { integration: undefined, provider: undefined, model: "m" };
  const end = { ...scope, effectiveFromMs: nowMs + 200, changedAtMs: nowMs, changedBy: "anna" };
  expect(inputAt("m", nowMs + 300)).toBe(3_000_000);
  await store.prices.end(end);
  await keeper.reload();
  const inputs = [-1, 0, 99, 100, 199, 200, 300].map((offset) => inputAt("m", nowMs + offset));
  expect(inputs.map((input) => (input ?? 0) / 1_000_000)).toEqual([7, 1, 1, 2, 2, 7, 7]);
});

test("tells of a change once, and of none when there was none", async () => {
  const { keeper } = open();
  await put("m", nowMs, priced(1));
  await Promise.all([keeper.reload(), keeper.reload(), keeper.reload()]);
  expect(told).toEqual(["changed"]);
});

test("a price that can no longer be read keeps what it last said; after a restart it is unknown, never another", async () => {
  const { keeper, inputAt } = open();
  await put("m", nowMs, priced(1));
  await keeper.reload();
  tamper('{"input_per_million": "free"}');
  await keeper.reload();
  expect(inputAt("m", nowMs)).toBe(1_000_000);
  const restarted = open();
  await restarted.keeper.reload();
  expect(restarted.inputAt("m", nowMs)).toBeUndefined();
  expect(restarted.inputAt("other", nowMs)).toBe(7_000_000);
  expect(told).toContain("prices.unreadable");
  tamper("{");
  const again = open();
  await again.keeper.reload();
  expect(again.inputAt("m", nowMs)).toBeUndefined();
});

test("where the database does not answer all prices stay", async () => {
  const { keeper, inputAt } = open();
  await put("m", nowMs, priced(1));
  await keeper.reload();
  await put("m", nowMs, priced(2));
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec("ALTER TABLE prices RENAME TO hidden");
  await expect(keeper.reload()).rejects.toMatchObject({ code: "unavailable" });
  expect(inputAt("m", nowMs)).toBe(1_000_000);
  raw.exec("ALTER TABLE hidden RENAME TO prices");
  raw.close();
  await keeper.reload();
  expect(inputAt("m", nowMs)).toBe(2_000_000);
});
