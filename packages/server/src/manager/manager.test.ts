import { PlatformError } from "@llm-platform/kit";
import { createScriptedIntegration } from "@llm-platform/kit/testing";
import { describe, expect, test } from "vitest";
import { createCatalogue } from "./catalogue.ts";
import { createTestManager, testConfig } from "./test-manager.ts";

describe("starting", () => {
  test("starts in the order of dependencies and stops in reverse", async () => {
    const { manager, scripted } = createTestManager();
    await manager.start([
      testConfig("gateway", { dependencies: ["redis", "store"] }),
      testConfig("store", { dependencies: ["redis"] }),
      testConfig("redis"),
    ]);
    expect(startsOf(scripted.steps)).toEqual(["redis", "store", "gateway"]);
    await manager.stop(30_000);
    expect(stopsOf(scripted.steps)).toEqual(["gateway", "store", "redis"]);
    expect(manager.list().map(({ state }) => state)).toEqual(["stopped", "stopped", "stopped"]);
  });

  test("starts independent ones side by side, higher priority first", async () => {
    const { manager, scripted } = createTestManager();
    scripted.script.start = "hang";
    const start = manager.start([testConfig("low", { priority: 1 }), testConfig("high", { priority: 2 })]);
    await untilStarted(scripted, 2);
    expect(startsOf(scripted.steps)).toEqual(["high", "low"]);
    scripted.releaseHangs();
    await start;
    expect(manager.list().map(({ state }) => state)).toEqual(["running", "running"]);
  });

  test("one that fails waits for its next try, and what depends on it waits for it", async () => {
    const { manager, clock, scripted } = createTestManager();
    scripted.scriptFor("redis").start = "fail";
    await manager.start([
      testConfig("store", { dependencies: ["redis"] }),
      testConfig("redis"),
      testConfig("alone"),
    ]);
    expect(manager.status("redis")).toMatchObject({
      state: "retrying",
      reason: "redis: The script says that it cannot start.",
      consecutive_failures: 1,
      next_retry_at: new Date(clock.nowMs() + 1_000).toISOString(),
    });
    expect(manager.status("store")).toMatchObject({
      state: "stopped",
      waiting_for: ["redis"],
      reason: "Waits for redis.",
    });
    expect(manager.status("alone").state).toBe("running");

    scripted.scriptFor("redis").start = "ok";
    await clock.advance(1_000);
    expect(manager.status("redis").state).toBe("running");
    expect(manager.status("store")).toMatchObject({ state: "running", waiting_for: [] });
    expect(scripted.contextOf("store")?.dependency("redis")).toBe(manager.running("redis"));
    expect(scripted.contextOf("store")?.dependency("alone")).toBeUndefined();
    await manager.stop(1_000);
  });

  test("waits longer after each failure, up to the longest wait, and logs the same reason once", async () => {
    const { manager, clock, scripted, logs } = createTestManager();
    scripted.script.start = "fail";
    await manager.start([
      testConfig("a", { retry_config: { max_retries: 3, backoff_factor: 3, max_backoff: 10 } }),
    ]);
    const waits: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const dueMs = Date.parse(manager.status("a").next_retry_at ?? "");
      waits.push(dueMs - clock.nowMs());
      await clock.advance(dueMs - clock.nowMs());
    }
    expect(waits).toEqual([1_000, 3_000, 9_000, 10_000, 10_000]);
    expect(logs.filter(({ level }) => level === "warn")).toHaveLength(1);
    await manager.stop(1_000);
  });

  test("blames a hanging start by name, and stops at once what returns after that", async () => {
    const test = createTestManager();
    const { manager, clock, scripted } = test;
    scripted.script.start = "hang";
    const start = manager.start([testConfig("ollama")]);
    await clock.advance(10_000);
    await start;
    expect(manager.status("ollama")).toMatchObject({
      state: "retrying",
      reason: "ollama: start did not return within 10 s",
    });
    expect(scripted.contextOf("ollama")?.signal.aborted).toBe(true);
    expect(test.lent).toBe(0);

    await clock.advance(1_000);
    expect(manager.status("ollama").reason).toBe("ollama: an earlier start has still not returned");
    expect(startsOf(scripted.steps)).toHaveLength(1);

    scripted.script.start = "ok";
    scripted.releaseHangs();
    await clock.settle();
    expect(scripted.openCount("ollama")).toBe(0);
    await clock.advance(2_000);
    expect(manager.status("ollama").state).toBe("running");
    expect(scripted.openCount("ollama")).toBe(1);
    await manager.stop(1_000);
  });

  test("names cycles, missing dependencies, unknown definitions and names used twice, and starts the rest", async () => {
    const { manager } = createTestManager();
    const report = await manager.start([
      testConfig("a", { dependencies: ["b"] }),
      testConfig("b", { dependencies: ["a"] }),
      testConfig("lost", { dependencies: ["nobody"] }),
      testConfig("strange", { use: "olama" }),
      testConfig("wrong", { type: "api", settings: { invalid: "xy" } }),
      testConfig("off", { enabled: false }),
      testConfig("on-off", { dependencies: ["off"] }),
      testConfig("good"),
      testConfig("good", { priority: 1 }),
    ]);
    expect(report.problems).toEqual([
      "good is configured twice; the first one counts. Give each integration its own name.",
      "a depends on itself: a → b → a. Remove one of these dependencies.",
      "b depends on itself: b → a → b. Remove one of these dependencies.",
      "lost depends on nobody, which no integration is named. Add it or remove the dependency.",
    ]);
    const states = Object.fromEntries(manager.list().map(({ name, state }) => [name, state]));
    expect(states).toEqual({
      a: "error",
      b: "error",
      lost: "error",
      strange: "error",
      wrong: "error",
      off: "disabled",
      "on-off": "stopped",
      good: "running",
    });
    expect(manager.status("strange").reason).toContain(
      "use: no integration is called olama; there are: scripted",
    );
    expect(manager.status("wrong").reason).toBe(
      "wrong: the configuration is not valid: type: scripted is a service, not a api; " +
        "settings.x: is not valid; settings.y: is not valid",
    );
    await manager.stop(1_000);
  });

  test("takes the dependencies that a definition has by default", async () => {
    const needy = createScriptedIntegration({ id: "needy", dependencies: ["redis"] });
    const redis = createScriptedIntegration({ id: "redis" });
    const { manager } = createTestManager({
      catalogue: createCatalogue([needy.definition, redis.definition]),
    });
    redis.script.start = "fail";
    await manager.start([testConfig("needy", { use: "needy" }), testConfig("redis", { use: "redis" })]);
    expect(manager.status("needy")).toMatchObject({ dependencies: ["redis"], waiting_for: ["redis"] });
    await manager.stop(1_000);
  });

  test("keeps an error that may hold a secret out of the status", async () => {
    const { manager, clock, scripted, logs } = createTestManager();
    scripted.script.health = "throw";
    await manager.start([testConfig("a")]);
    await clock.settle();
    expect(manager.status("a").last_probe?.detail).toBe(
      "a: health failed with an unexpected error; the log has it",
    );
    expect(logs.some(({ event }) => event === "integration.health_threw")).toBe(true);
    await manager.stop(1_000);
  });
});

describe("stopping", () => {
  test("bounds a hanging stop, blames it by name and goes on", async () => {
    const test = createTestManager();
    const { manager, clock, scripted, logs } = test;
    await manager.start([testConfig("a", { dependencies: ["b"] }), testConfig("b")]);
    scripted.scriptFor("a").stop = "hang";
    const stop = manager.stop(60_000);
    await clock.advance(10_000);
    await stop;
    expect(stopsOf(scripted.steps)).toEqual(["a", "b"]);
    expect(logs.at(-1)).toBeDefined();
    expect(logs.find(({ event }) => event === "integration.stop_failed")?.fields.reason).toBe(
      "a: stop did not return within 10 s",
    );
    expect([test.lent, clock.pending]).toEqual([0, 0]);
  });

  test("waits for nothing past the deadline, and says who was late", async () => {
    const { manager, clock, scripted, logs } = createTestManager();
    await manager.start([testConfig("a", { dependencies: ["b"] }), testConfig("b")]);
    scripted.script.stop = "hang";
    const stop = manager.stop(3_000);
    await clock.advance(3_000);
    await stop;
    const blamed = logs
      .filter(({ event }) => event === "integration.abandoned")
      .map(({ fields }) => fields.reason);
    expect(blamed).toEqual(["a: stop did not finish within 3 s", "b: stop did not finish within 3 s"]);
    expect(stopsOf(scripted.steps)).toEqual(["a", "b"]);
    expect(clock.pending).toBe(0);
  });

  test("gives up a start under way and starts nothing more", async () => {
    const { manager, clock, scripted } = createTestManager();
    scripted.scriptFor("slow").start = "hang";
    scripted.scriptFor("bad").start = "fail";
    const start = manager.start([
      testConfig("slow"),
      testConfig("bad"),
      testConfig("next", { dependencies: ["slow"] }),
    ]);
    await untilStarted(scripted, 2);
    await manager.stop(1_000);
    await start;
    await clock.advance(600_000);
    expect(startsOf(scripted.steps).toSorted()).toEqual(["bad", "slow"]);
    expect(manager.list().map(({ state }) => state)).toEqual(["stopped", "stopped", "stopped"]);
    expect(clock.pending).toBe(0);
    await expect(manager.restart("bad")).rejects.toMatchObject({ code: "shutting_down" });
  });
});

describe("restarting", () => {
  test("a person's restart stops the old before it starts the new, and clears the record", async () => {
    const { manager, clock, scripted, becomeIdle } = createTestManager();
    await manager.start([testConfig("a")]);
    await clock.settle();
    becomeIdle();
    expect(await manager.restart("a")).toMatchObject({
      state: "running",
      restarts: { in_window: 0, total: 1 },
    });
    expect(scripted.steps.filter((step) => !step.startsWith("health"))).toEqual([
      "start a",
      "started a",
      "stop a",
      "stopped a",
      "start a",
      "started a",
    ]);
    await manager.stop(1_000);
  });

  test("waits for calls in flight before a person's restart, but not for ever", async () => {
    const { manager, clock, scripted } = createTestManager();
    await manager.start([testConfig("a")]);
    const restart = manager.restart("a");
    await clock.advance(9_999);
    expect(stopsOf(scripted.steps)).toEqual([]);
    expect([manager.status("a").state, manager.running("a")]).toEqual(["stopping", undefined]);
    await clock.advance(1);
    expect((await restart).state).toBe("running");
    await manager.stop(1_000);
  });

  test("restarts all around their dependencies, each once", async () => {
    const { manager, clock, scripted, becomeIdle } = createTestManager();
    await manager.start([
      testConfig("a", { dependencies: ["b"] }),
      testConfig("b"),
      testConfig("off", { enabled: false }),
    ]);
    becomeIdle();
    await manager.restartAll();
    await clock.settle();
    expect(stopsOf(scripted.steps)).toEqual(["a", "b"]);
    expect(startsOf(scripted.steps)).toEqual(["b", "a", "b", "a"]);
    await expect(manager.restart("off")).rejects.toMatchObject({ code: "conflict" });
    await expect(manager.restart("nobody")).rejects.toMatchObject({ code: "not_found" });
    await manager.stop(1_000);
  });

  test("tells of every change by an event, a log line and a listener, and survives a bad listener", async () => {
    const { manager, statesOf, events, logs } = createTestManager();
    const heard: string[] = [];
    manager.onChange(() => {
      throw new Error("a listener's own fault");
    });
    manager.onChange(({ previous, state }) => heard.push(`${previous} → ${state}`));
    await manager.start([testConfig("a")]);
    await manager.stop(1_000);
    expect(heard).toEqual([
      "stopped → starting",
      "starting → running",
      "running → stopping",
      "stopping → stopped",
    ]);
    expect(statesOf("a")).toEqual(["starting", "running", "stopping", "stopped"]);
    expect(events[1]?.data).toEqual({ from: "starting", to: "running", reason: null });
    expect(logs.filter(({ event }) => event === "integration.state_changed")).toHaveLength(4);
  });

  test("goes on when the log of events cannot take an event", async () => {
    const { manager, logs } = createTestManager({
      events: {
        append() {
          throw new PlatformError("insufficient_storage", "The disk is full.");
        },
      },
    });
    await manager.start([testConfig("a")]);
    expect(manager.status("a").state).toBe("running");
    expect(logs.some(({ event }) => event === "integration.event_lost")).toBe(true);
    await manager.stop(1_000);
  });
});

function startsOf(steps: readonly string[]): readonly string[] {
  return steps.filter((step) => step.startsWith("start ")).map((step) => step.slice("start ".length));
}

function stopsOf(steps: readonly string[]): readonly string[] {
  return steps.filter((step) => step.startsWith("stop ")).map((step) => step.slice("stop ".length));
}

async function untilStarted(scripted: { readonly steps: readonly string[] }, count: number): Promise<void> {
  while (startsOf(scripted.steps).length < count) await new Promise((resolve) => void setImmediate(resolve));
}
