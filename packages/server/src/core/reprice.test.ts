import { expect, test } from "vitest";
import { createPriceTable } from "./prices.ts";
import { reprice } from "./reprice.ts";
import { sampleRecord } from "../store/sample-record.test-data.ts";

const prices = createPriceTable([
  {
    source: "config",
    version: "config:new",
    model: "llama-3",
    inputPerMillion: 100_000,
    outputPerMillion: 200_000,
    currency: "EUR",
    effectiveFromMs: 1_700_000_000_000,
  },
]);

test("a record gets the cost that its tokens have by the price of its time", () => {
  const record = sampleRecord(1);
  const after = reprice(record, prices);
  expect(after).toEqual({ ...record, costMicros: 2_000_000, currency: "EUR", priceVersion: "config:new" });
  expect(after === undefined ? undefined : reprice(after, prices)).toBeUndefined();
});

test.each([
  ["of a model without a price", { upstreamModel: "other" }],
  ["from before the price", { startedAtMs: 1_699_999_999_999 }],
  ["that used nothing", { usageSource: "none" as const }],
])("a record %s stays as it is", (_name, changes) => {
  expect(reprice(sampleRecord(1, changes), prices)).toBeUndefined();
});
