import { describe, expect, test } from "vitest";
import { createTestManager, type TestManager, testConfig } from "./test-manager.ts";

/** The probes come every 54 s: the interval of 60 s with all jitter taken off, as the random number is 0. */
const intervalMs = 54_000;

describe("probing", () => {
  test("makes degraded of two failed probes, a restart of three, and is well again after that", async () => {
    const { manager, clock, scripted, statesOf } = await startOne();
    scripted.script.health = "fail";
    await clock.advance(intervalMs);
    expect(manager.status("a")).toMatchObject({ state: "running", consecutive_failures: 1 });
    await clock.advance(intervalMs);
    expect(manager.status("a")).toMatchObject({
      state: "degraded",
      reason: "The script is not well.",
      last_probe: { status: "failed", duration_ms: 0, detail: "The script is not well." },
    });
    await clock.advance(intervalMs);
    expect(manager.status("a")).toMatchObject({ state: "retrying", restarts: { in_window: 1, total: 1 } });
    expect(manager.running("a")).toBeUndefined();
    scripted.script.health = "ok";
    await clock.advance(1_000);
    expect(manager.status("a")).toMatchObject({ state: "running", reason: null, consecutive_failures: 0 });
    expect(statesOf("a")).toEqual([
      "starting",
      "running",
      "degraded",
      "stopping",
      "retrying",
      "starting",
      "running",
    ]);
    await manager.stop(1_000);
  });

  test("bounds a hanging probe, blames it by name, and never asks twice at once", async () => {
    const { manager, clock, scripted } = await startOne();
    scripted.script.health = "hang";
    const asked = countProbes(scripted.steps);
    await clock.advance(intervalMs + 5_000);
    expect(manager.status("a").last_probe).toMatchObject({
      status: "failed",
      detail: "a: health did not return within 5 s",
      duration_ms: 5_000,
    });
    await clock.advance(intervalMs);
    expect(manager.status("a")).toMatchObject({
      state: "degraded",
      reason: "a: an earlier health has still not returned",
    });
    expect(countProbes(scripted.steps) - asked).toBe(1);
    scripted.script.health = "ok";
    scripted.releaseHangs();
    await clock.advance(intervalMs);
    expect(manager.status("a").state).toBe("running");
    await manager.stop(1_000);
  });

  test("becomes error after five restarts in ten minutes, until a person restarts it", async () => {
    const { manager, clock, scripted } = await startOne({
      health_check_interval: 10,
      retry_config: { max_retries: 2, backoff_factor: 1, max_backoff: 1 },
    });
    scripted.script.health = "fail";
    await clock.advance(300_000);
    expect(manager.status("a")).toMatchObject({
      state: "error",
      restarts: { in_window: 5, total: 5 },
      next_retry_at: null,
    });
    expect(manager.status("a").reason).toBe(
      "a: restarted too often in ten minutes. 2 probes in a row failed. The last one: The script is not well. " +
        "Find the cause, then restart it or change its configuration.",
    );
    const startsBefore = scripted.steps.length;
    await clock.advance(3_600_000);
    expect(scripted.steps.length).toBe(startsBefore);
    scripted.script.health = "ok";
    expect((await manager.restart("a")).state).toBe("running");
    await manager.stop(1_000);
  });

  test("probes each interval with jitter on both sides", async () => {
    const randoms = [0, 1, 0.5];
    const { manager, clock, scripted } = createTestManager({ random: () => randoms.shift() ?? 0.5 });
    await manager.start([testConfig("a")]);
    await clock.settle();
    const counts: number[] = [];
    for (const waitMs of [54_000, 66_000, 60_000]) {
      await clock.advance(waitMs - 1);
      counts.push(countProbes(scripted.steps));
      await clock.advance(1);
    }
    expect(counts).toEqual([1, 2, 3]);
    await manager.stop(1_000);
  });
});

describe("a refused credential", () => {
  test.each(["probe", "call"] as const)(
    "seen by a %s makes auth_required, left only by a good probe",
    async (seenBy) => {
      const { manager, clock, scripted } = await startOne();
      if (seenBy === "probe") {
        scripted.script.health = "auth";
        await clock.advance(intervalMs);
      } else {
        manager.reportTraffic("a", "auth_failed");
      }
      expect(manager.status("a").state).toBe("auth_required");
      scripted.script.health = "fail";
      await clock.advance(10 * intervalMs);
      expect(manager.status("a")).toMatchObject({ state: "auth_required", restarts: { total: 0 } });
      scripted.script.health = "ok";
      await clock.advance(intervalMs);
      expect(manager.status("a").state).toBe("running");
      await manager.stop(1_000);
    },
  );

  test("at the start is tried again at the longest wait, and at once when the configuration changes", async () => {
    const { manager, clock, scripted } = createTestManager();
    scripted.script.start = "auth";
    await manager.start([testConfig("a")]);
    expect(manager.status("a")).toMatchObject({
      state: "auth_required",
      next_retry_at: new Date(clock.nowMs() + 300_000).toISOString(),
    });
    await clock.advance(300_000);
    expect(manager.status("a").state).toBe("auth_required");
    scripted.script.start = "ok";
    expect((await manager.reconfigure("a", { settings: { key: "new" } })).state).toBe("running");
    await manager.stop(1_000);
  });
});

describe("live traffic", () => {
  test("brings a probe forward when calls fail, but not more often than each quarter of the interval", async () => {
    const { manager, clock, scripted } = await startOne();
    scripted.script.health = "fail";
    await clock.advance(15_000);
    const asked = countProbes(scripted.steps);
    for (let call = 0; call < 1_000; call += 1) manager.reportTraffic("a", "failed");
    await clock.settle();
    expect(countProbes(scripted.steps) - asked).toBe(1);
    await clock.advance(14_999);
    manager.reportTraffic("a", "failed");
    expect(countProbes(scripted.steps) - asked).toBe(1);
    await clock.advance(1);
    manager.reportTraffic("a", "failed");
    await clock.settle();
    expect(manager.status("a").state).toBe("degraded");
    manager.reportTraffic("nobody", "failed");
    await manager.stop(1_000);
  });

  test("that is turned away for its rate is no ill-health", async () => {
    const { manager, clock, scripted } = await startOne();
    await clock.advance(30_000);
    const asked = countProbes(scripted.steps);
    for (let call = 0; call < 1_000; call += 1) manager.reportTraffic("a", "rate_limited");
    await clock.settle();
    expect([manager.status("a").state, countProbes(scripted.steps) - asked]).toEqual(["running", 0]);
    await manager.stop(1_000);
  });

  test("that works clears a single failed probe", async () => {
    const { manager, clock, scripted } = await startOne();
    scripted.script.health = "fail";
    await clock.advance(intervalMs);
    manager.reportTraffic("a", "ok");
    await clock.advance(intervalMs);
    expect(manager.status("a")).toMatchObject({ state: "running", consecutive_failures: 1 });
    await manager.stop(1_000);
  });
});

async function startOne(changes: Parameters<typeof testConfig>[1] = {}): Promise<TestManager> {
  const test = createTestManager();
  await test.manager.start([testConfig("a", changes)]);
  await test.clock.settle();
  return test;
}

function countProbes(steps: readonly string[]): number {
  return steps.filter((step) => step.startsWith("health")).length;
}
