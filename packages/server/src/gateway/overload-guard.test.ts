import { expect, test } from "vitest";
import { createPlatformMetrics } from "../telemetry/platform-metrics.ts";
import { createMetricRegistry } from "../telemetry/registry.ts";
import { createOverloadGuard, overloadLookMs } from "./overload-guard.ts";

const settings = { closeConnectionsRatio: 0.92, refuseRatio: 0.95, maxLoopDelayMs: 100 };

/** A guard whose readings the test makes up. */
function create(memory = 0.5) {
  const registry = createMetricRegistry();
  const given = { memory, nowMs: 0, random: 0.5 };
  const idle = { closed: 0 };
  const guard = createOverloadGuard({
    settings,
    metrics: createPlatformMetrics(registry),
    readMemory: () => given.memory,
    closeIdle: () => {
      idle.closed++;
    },
    nowMs: () => given.nowMs,
    random: () => given.random,
  });
  /** Time passes, with looks that are late by so much. */
  const pass = (looks: number, lateMs = 0) => {
    for (let each = 0; each < looks; each++) {
      given.nowMs += overloadLookMs + lateMs;
      guard.look();
    }
  };
  return { guard, given, idle, pass, metric: () => registry.expose() };
}

test("memory at 92 % lets connections go once, at 95 % refuses calls with a time to come back, and recovers", () => {
  const { guard, given, idle, pass, metric } = create();
  pass(4);
  expect([guard.isTight, guard.refusal(), idle.closed]).toEqual([false, undefined, 0]);
  given.memory = 0.93;
  pass(8);
  expect([guard.isTight, guard.refusal(), idle.closed]).toEqual([true, undefined, 1]);
  given.memory = 0.96;
  pass(4);
  expect(guard.refusal()).toMatchObject({ code: "overloaded", retryAfterMs: 5_000 });
  expect(metric()).toContain('llm_overload_state{cause="memory"} 2');
  expect(metric()).toContain("llm_memory_usage_ratio 0.96");
  expect(metric()).toContain('llm_overload_refused_total{cause="memory"} 1');
  given.memory = 0.5;
  pass(4);
  expect([guard.isTight, guard.refusal(), idle.closed]).toEqual([false, undefined, 1]);
  expect(metric()).toContain('llm_overload_state{cause="memory"} 0');
});

test("a process that begins short of memory takes no call", () => {
  const { guard, metric } = create(0.96);
  expect(guard.isTight).toBe(true);
  expect(guard.refusal()).toMatchObject({ code: "overloaded" });
  expect(metric()).toContain('llm_overload_state{cause="memory"} 2');
});

test("a loop that stays late sheds a growing part of the calls, and none when it is on time again", () => {
  const { guard, given, pass, metric } = create();
  pass(1, 5_000);
  given.random = 0;
  expect(guard.refusal()).toBeUndefined();
  pass(3, 200);
  given.random = 0.3;
  expect(guard.refusal()).toMatchObject({ code: "overloaded", retryAfterMs: 1_000 });
  given.random = 0.95;
  expect(guard.refusal()).toBeUndefined();
  expect(metric()).toContain("llm_event_loop_delay_seconds 0.2");
  expect(metric()).toContain('llm_overload_state{cause="event_loop"} 2');
  pass(20);
  given.random = 0;
  expect(guard.refusal()).toBeUndefined();
  expect(metric()).toContain("llm_overload_shed_ratio 0");
});
