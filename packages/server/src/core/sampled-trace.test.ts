import { expect, test } from "vitest";
import { sampledTraceId } from "./sampled-trace.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";

test.each([
  [`00-${trace}-00f067aa0ba902b7-01`, trace],
  [`00-${trace}-00f067aa0ba902b7-03`, trace],
  [`00-${trace}-00f067aa0ba902b7-00`, undefined],
  [undefined, undefined],
])("of %s the trace that is kept is %s", (traceparent, expected) => {
  expect(sampledTraceId(traceparent)).toBe(expected);
});
