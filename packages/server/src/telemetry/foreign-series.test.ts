import { expect, test } from "vitest";
import { createMetricRegistry, type MetricRegistry } from "./registry.ts";

/** A registry as every process of one host makes it. */
function createHost(): { readonly registry: MetricRegistry } & ReturnType<typeof defineMetrics> {
  const registry = createMetricRegistry();
  return { registry, ...defineMetrics(registry) };
}

function defineMetrics(registry: MetricRegistry) {
  const labels = ["model"];
  return {
    calls: registry.counter({ name: "calls_total", help: "h", type: "counter", labels }),
    active: registry.gauge({ name: "active", help: "h", type: "gauge", labels: [] }),
    state: registry.gauge({ name: "state", help: "h", type: "gauge", labels, merge: "max" }),
    took: registry.histogram({ name: "took", help: "h", type: "histogram", labels: [], buckets: [1, 10] }),
  };
}

/** The data as it is on the other side of a line between processes. */
function told({ registry }: { readonly registry: MetricRegistry }) {
  return structuredClone(registry.export());
}

function lines(registry: MetricRegistry): readonly string[] {
  return registry
    .expose()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

test("counters, gauges and histograms of several processes are one, and the worst of a state stands for all", () => {
  const [first, one, two] = [createHost(), createHost(), createHost()];
  first.calls.series("a").add(1);
  one.calls.series("a").add(2);
  two.calls.series("b").add(4);
  one.active.series().set(3);
  two.active.series().set(5);
  first.state.series("a").set(0);
  one.state.series("a").set(2);
  two.state.series("a").set(1);
  for (const value of [0.5, 5]) one.took.series().observe(value);
  two.took.series().observe(50);
  first.registry.setForeign("1", told(one));
  first.registry.setForeign("2", told(two));
  expect(lines(first.registry)).toEqual([
    'calls_total{model="a"} 3',
    'calls_total{model="b"} 4',
    "active 8",
    'state{model="a"} 2',
    'took_bucket{le="1"} 1',
    'took_bucket{le="10"} 2',
    'took_bucket{le="+Inf"} 3',
    "took_sum 55.5",
    "took_count 3",
  ]);
  expect(first.registry.samples("model", "a")).toContainEqual({
    name: "calls_total",
    labels: { model: "a" },
    value: 3,
  });
});

test("what a process tells replaces what it told before", () => {
  const [first, one] = [createHost(), createHost()];
  one.calls.series("a").add(2);
  first.registry.setForeign("1", told(one));
  one.calls.series("a").add(1);
  one.active.series().set(1);
  first.registry.setForeign("1", told(one));
  one.active.clear();
  first.registry.setForeign("1", told(one));
  expect(lines(first.registry)).toEqual(['calls_total{model="a"} 3']);
});

test("what a dead process counted stays counted, and its gauges go", () => {
  const first = createHost();
  for (const source of ["1", "2"]) {
    const worker = createHost();
    worker.calls.series("a").add(2);
    worker.took.series().observe(5);
    worker.active.series().set(7);
    first.registry.setForeign(source, told(worker));
    first.registry.retireForeign(source);
  }
  first.calls.series("a").add(1);
  expect(lines(first.registry)).toEqual([
    'calls_total{model="a"} 5',
    'took_bucket{le="1"} 0',
    'took_bucket{le="10"} 2',
    'took_bucket{le="+Inf"} 2',
    "took_sum 10",
    "took_count 2",
  ]);
  // Nothing of this process was changed by it.
  expect(told(first)).toEqual([{ name: "calls_total", series: [{ values: ["a"], value: 1 }] }]);
});

test("a metric that only the other process has is ignored", () => {
  const first = createHost();
  first.registry.setForeign("1", [{ name: "strange_total", series: [{ values: [], value: 1 }] }]);
  expect(lines(first.registry)).toEqual([]);
});
