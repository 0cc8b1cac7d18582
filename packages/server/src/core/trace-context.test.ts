import { expect, test } from "vitest";
import { formatTraceparent, isWithinRatio, parseTraceparent } from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test.each([
  ["00", false],
  ["01", true],
  ["03", true],
  ["fe", false],
])("with the flags %s a trace is kept: %s", (flags, isSampled) => {
  expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)).toEqual({ traceId, spanId, isSampled });
});

test("what is written is read back", () => {
  const parent = { traceId, spanId, isSampled: true };
  expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
});

test.each([
  ["000000000000", 0, false],
  ["000000000000", 0.01, true],
  ["028f5c28f5c0", 0.01, true],
  ["028f5c28f5c4", 0.01, false],
  ["ffffffffffff", 0.99, false],
  ["ffffffffffff", 1, true],
])("a trace that ends with %s is within %d: %s", (end, ratio, expected) => {
  expect(isWithinRatio(traceId.slice(0, 20) + end, ratio)).toBe(expected);
});
