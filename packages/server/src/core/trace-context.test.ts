import { expect, test } from "vitest";
import { isWithinRatio, parseTraceparent } from "./trace-context.ts";
import { parseTraceId } from "./trace-id.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test.each([
  ["00", false],
  ["01", true],
  ["03", true],
  ["fe", false],
])("with the flags %s a trace is kept: %s", (flags, isSampled) => {
  const parent = parseTraceparent(`00-${traceId}-${spanId}-${flags}`);
  expect(String(parent.traceId)).toBe(traceId);
  expect(String(parent.spanId)).toBe(spanId);
  expect(parent.isSampled).toBe(isSampled);
});

test.each([
  ["000000000000", 0, false],
  ["000000000000", 0.01, true],
  ["028f5c28f5c0", 0.01, true],
  ["028f5c28f5c4", 0.01, false],
  ["ffffffffffff", 0.99, false],
  ["ffffffffffff", 1, true],
])("a trace that ends with %s is within %d: %s", (end, ratio, expected) => {
  expect(isWithinRatio(parseTraceId(traceId.slice(0, 20) + end), ratio)).toBe(expected);
});
