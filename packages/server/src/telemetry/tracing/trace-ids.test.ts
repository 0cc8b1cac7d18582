import { expect, test } from "vitest";
import { parseTraceparent } from "../../core/trace-context.ts";
import { createTraceIds } from "./trace-ids.ts";

test("what others are told is read back", () => {
  const ids = createTraceIds();
  for (const isSampled of [true, false]) {
    const parent = { traceId: ids.traceId(), spanId: ids.spanId(), isSampled };
    const text = ids.traceparent(parent);
    expect(text).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(text).toBe(`00-${parent.traceId}-${parent.spanId}-${isSampled ? "01" : "00"}`);
    expect(parseTraceparent(text)).toEqual(parent);
  }
});

test("thousands of ids are all different", () => {
  const ids = createTraceIds();
  const made = Array.from({ length: 5_000 }, () => [String(ids.traceId()), String(ids.spanId())]).flat();
  expect(new Set(made).size).toBe(10_000);
});
