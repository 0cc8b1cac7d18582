import { expect, test } from "vitest";
import { chooseFormat } from "./exposition.ts";
import { createMetricRegistry } from "./registry.ts";

test.each([
  [undefined, "prometheus"],
  ["*/*", "prometheus"],
  ["application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "openmetrics"],
  ["text/plain, application/openmetrics-text; q=0.2", "openmetrics"],
  ["application/openmetrics-text;q=0, text/plain", "prometheus"],
])("accept: %s gets %s", (accept, format) => {
  expect(chooseFormat(accept)).toBe(format);
});

test("OpenMetrics names counters without _total and shows the last call with a trace in each bucket", () => {
  const registry = createMetricRegistry();
  registry
    .counter({ name: "calls_total", help: "h", type: "counter", labels: ["m"] })
    .series('a"\n')
    .add(2);
  const took = registry
    .histogram({ name: "took_seconds", help: "h", type: "histogram", labels: [], buckets: [1, 5] })
    .series();
  took.observe(0.5, "aa");
  took.observe(0.7, "bb");
  took.observe(9);
  const text = [...registry.exposePieces("openmetrics")].join("");
  expect(text).toContain('# TYPE calls counter\ncalls_total{m="a\\"\\n"} 2\n');
  expect(text).toMatch(/^took_seconds_bucket\{le="1"\} 2 # \{trace_id="bb"\} 0\.7 \d{10}\.\d{3}$/m);
  expect(text).toContain('took_seconds_bucket{le="5"} 2\ntook_seconds_bucket{le="+Inf"} 3\n');
  // The older format has no place for them.
  expect(registry.expose()).not.toContain("trace_id");
  expect(registry.expose()).toContain("# TYPE calls_total counter\n");
});

test("of several processes the latest trace is shown", () => {
  const definition = { name: "took", help: "h", type: "histogram", labels: [], buckets: [1] } as const;
  const [first, other] = [createMetricRegistry(), createMetricRegistry()];
  first.histogram(definition).series().observe(0.5, "old");
  const exemplars = [{ traceId: "new", value: 0.6, atSeconds: Date.now() / 1_000 + 60 }];
  other.histogram(definition);
  const series = { values: [], value: 0.6, counts: new Float64Array([1, 0]), exemplars };
  first.setForeign("1", [{ name: "took", series: [series] }]);
  expect([...first.exposePieces("openmetrics")].join("")).toContain('le="1"} 2 # {trace_id="new"}');
});
