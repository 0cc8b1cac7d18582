import { expect, test } from "vitest";
import { createPlatformMetrics } from "../platform-metrics.ts";
import { createMetricRegistry } from "../registry.ts";
import { alertRules } from "../rules/alert-rules.ts";
import { AlertWatch, knownAlertRules } from "./alert-watch.ts";

const stepMs = 15_000;
const startMs = Date.UTC(2026, 0, 1);

/** A watch over a registry, and a clock that only looks move. */
function start() {
  const registry = createMetricRegistry();
  const metrics = createPlatformMetrics(registry);
  const watch = new AlertWatch({ registry, metrics, runbooksUrl: "https://runbooks.example" });
  const state = { nowMs: startMs };
  return {
    metrics,
    watch,
    registry,
    /** Looks so often, after doing something before each look; tells what changed. */
    run(looks: number, before: () => void = () => undefined) {
      return Array.from({ length: looks }, () => {
        before();
        const changes = watch.look(state.nowMs);
        state.nowMs += stepMs;
        return changes;
      })
        .flat()
        .map(({ name, status, severity }) => `${status} ${name} ${severity}`);
    },
  };
}

type Metrics = ReturnType<typeof createPlatformMetrics>;

function call(metrics: Metrics, { failed = 0, succeeded = 0, seconds = 0.1 } = {}): void {
  metrics.requests.series("p", "m", "chat", "2xx", "true").add(failed + succeeded);
  metrics.errors.series("p", "m", "upstream_error", "provider").add(failed);
  for (let count = 0; count < failed + succeeded; count++)
    metrics.requestDuration.series("p", "m", "chat").observe(seconds);
}

test("a high error rate fires after a minute, and is over when the bad calls are five minutes away", () => {
  const { metrics, watch, run } = start();
  expect(run(8, () => call(metrics, { succeeded: 100 }))).toEqual([]);
  // The ratio has to rise first, and then to hold for a minute.
  expect(run(12, () => call(metrics, { failed: 50, succeeded: 50 }))).toEqual([
    "firing HighErrorRate critical",
  ]);
  expect(watch.firing).toMatchObject([
    {
      name: "HighErrorRate",
      labels: {},
      summary: "More than one in ten model calls fails",
      description: expect.stringMatching(/^\d\d(\.\d+)?% of the model calls/),
      runbookUrl: "https://runbooks.example/HighErrorRate.md",
    },
  ]);
  expect(run(24, () => call(metrics, { succeeded: 1_000 }))).toEqual(["resolved HighErrorRate critical"]);
  expect(watch.firing).toEqual([]);
});

test("nine of a hundred are no high error rate, and neither are errors of callers", () => {
  const { metrics, run } = start();
  const few = () => {
    call(metrics, { failed: 9, succeeded: 91 });
    metrics.errors.series("p", "m", "invalid_request", "gateway").add(80);
  };
  expect(run(20, few)).toEqual([]);
});

test("what holds for a shorter time than it must does not fire", () => {
  const { metrics, run } = start();
  metrics.circuitState.series("office", "m").set(2);
  expect(run(20)).toEqual([]);
  metrics.circuitState.series("office", "m").set(0);
  expect(run(1)).toEqual([]);
  metrics.circuitState.series("office", "m").set(1);
  expect(run(20)).toEqual([]);
  expect(run(1)).toEqual(["firing CircuitOpen warning"]);
});

test("slow calls fire for their model alone, with the time that they take", () => {
  const { metrics, watch, run } = start();
  const calls = () => {
    call(metrics, { succeeded: 10, seconds: 15 });
    metrics.requestDuration.series("p", "quick", "chat").observe(1);
  };
  expect(run(21, calls)).toEqual(["firing HighLatency warning"]);
  expect(watch.firing[0]).toMatchObject({ labels: { model: "m" }, summary: "Calls of m take long" });
  expect(watch.firing[0]?.description).toMatch(/takes longer than \d\ds\.$/);
});

test("a single failure is seen, and is over when it is ten minutes away", () => {
  const { metrics, run } = start();
  expect(run(4)).toEqual([]);
  metrics.modelLoads.series("local", "big", "failed").add();
  expect(run(1)).toEqual(["firing ModelLoadFailures warning"]);
  expect(run(39)).toEqual([]);
  expect(run(2)).toEqual(["resolved ModelLoadFailures warning"]);
});

test("a certificate that ends soon fires once for each severity that is reached", () => {
  const { metrics, watch, run } = start();
  metrics.tlsCertificateExpiry.series().set(startMs / 1_000 + 6 * 86_400);
  expect(run(1)).toEqual(["firing CertificateExpiring info", "firing CertificateExpiring warning"]);
  expect(watch.firing[0]?.description).toContain("ends in 6d");
});

test("the memory of each GPU is judged, and what fires is counted", () => {
  const { metrics, registry, run } = start();
  for (const [gpu, used] of [
    ["0", 97],
    ["1", 50],
  ] as const) {
    metrics.gpuMemory.series(gpu, "n1").set(used);
    metrics.gpuMemoryTotal.series(gpu, "n1").set(100);
  }
  expect(run(21)).toEqual(["firing GpuMemoryHigh warning", "firing GpuMemoryCritical critical"]);
  expect(registry.expose()).toContain(
    'llm_alerts_firing{alertname="GpuMemoryCritical",severity="critical"} 1',
  );
});

test("the platform itself judges every alert but those that need a long memory or an eye from outside", () => {
  const known = new Set<string>(knownAlertRules.map(({ name }) => name));
  const left = alertRules.flatMap(({ rules }) => rules.filter(({ name }) => !known.has(name)));
  expect(left.map(({ name }) => name)).toEqual([
    "ErrorBudgetBurnFast",
    "ErrorBudgetBurnSlow",
    "CostSpike",
    "Watchdog",
    "GatewayDown",
    "DiskWillFill",
  ]);
});
