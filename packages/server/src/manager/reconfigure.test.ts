import { describe, expect, test } from "vitest";
import { createTestManager, type TestManager, testConfig } from "./test-manager.ts";

describe("reconfiguring", () => {
  test("starts the new beside the old, swaps, and lets the old drain before it is stopped", async () => {
    const { manager, clock, scripted, becomeIdle, statesOf, events } = await startOne();
    const old = manager.running("a");
    const status = await manager.reconfigure("a", { settings: { url: "new" } });
    expect(status.state).toBe("running");
    expect(manager.running("a")).not.toBe(old);
    expect(scripted.contextOf("a")?.settings).toEqual({ url: "new" });
    await clock.advance(299_000);
    expect(scripted.openCount("a")).toBe(2);
    becomeIdle();
    await clock.settle();
    expect(scripted.openCount("a")).toBe(1);
    expect(statesOf("a")).toEqual(["starting", "running"]);
    expect(events.at(-1)).toMatchObject({
      type: "integration.config_changed",
      data: { fields: ["settings"] },
    });
    await manager.stop(1_000);
    expect(scripted.openCount("a")).toBe(0);
  });

  test("stops the old after five minutes even when its calls go on", async () => {
    const { manager, clock, scripted } = await startOne();
    await manager.reconfigure("a", { settings: { url: "new" } });
    await clock.advance(300_000);
    expect(scripted.openCount("a")).toBe(1);
    await manager.stop(1_000);
  });

  test("waits for the drain at a stop of the platform, but not past its deadline", async () => {
    const { manager, clock, scripted } = await startOne();
    await manager.reconfigure("a", { settings: { url: "new" } });
    const stop = manager.stop(5_000);
    await clock.advance(5_000);
    await stop;
    expect([scripted.openCount("a"), clock.pending]).toEqual([0, 0]);
  });

  test.each([
    ["start", "fail", "a: The script says that it cannot start."],
    ["start", "auth", "a: The script refuses the credential."],
    ["health", "fail", "The script is not well."],
    ["health", "auth", "The script refuses the credential."],
  ] as const)("leaves the old running when the new one's %s says %s", async (step, word, reason) => {
    const test = await startOne();
    const { manager, scripted } = test;
    const old = manager.running("a");
    Object.assign(scripted.script, { [step]: word });
    await expect(manager.reconfigure("a", { settings: { url: "bad" }, priority: 7 })).rejects.toMatchObject({
      code: "conflict",
      message: `a: the new configuration does not work, the old one goes on: ${reason}`,
    });
    expect(manager.running("a")).toBe(old);
    expect(manager.status("a")).toMatchObject({ state: "running", priority: 100 });
    expect([scripted.openCount("a"), test.lent]).toEqual([1, 1]);
    await manager.stop(1_000);
  });

  test("leaves the old running when the new one hangs", async () => {
    const { manager, clock, scripted } = await startOne();
    scripted.script.start = "hang";
    const change = manager.reconfigure("a", { settings: { url: "bad" } });
    const outcome = expect(change).rejects.toMatchObject({
      message: expect.stringContaining("a: start did not return within 10 s"),
    });
    await clock.advance(10_000);
    await outcome;
    expect(manager.status("a").state).toBe("running");
    scripted.releaseHangs();
    await clock.settle();
    expect(scripted.openCount("a")).toBe(1);
    await manager.stop(1_000);
  });

  test("names all problems at once and changes nothing", async () => {
    const { manager } = await startOne();
    const change = manager.reconfigure("a", {
      priority: -1,
      health_check_interval: 0,
      retry_config: { max_retries: 0, backoff_factor: 11, max_backoff: Number.NaN },
      settings: { invalid: "xy" },
    });
    await expect(change).rejects.toMatchObject({ code: "config_invalid" });
    const fields = await change.catch(({ problems }) =>
      problems.map(({ field }: { field: string }) => field),
    );
    expect(fields).toEqual([
      "priority",
      "health_check_interval",
      "retry_config.max_retries",
      "retry_config.backoff_factor",
      "retry_config.max_backoff",
      "settings.x",
      "settings.y",
    ]);
    expect(manager.config("a")).toEqual(testConfig("a"));
    await manager.stop(1_000);
  });

  test("starts nothing when only the priority, the interval or the retries change", async () => {
    const { manager, clock, scripted } = await startOne();
    const old = manager.running("a");
    await manager.reconfigure("a", { priority: 5, health_check_interval: 10 });
    expect(manager.running("a")).toBe(old);
    const asked = scripted.steps.length;
    await clock.advance(9_000);
    expect(scripted.steps.slice(asked)).toEqual(["health a"]);
    await manager.stop(1_000);
  });

  test("stops one that is disabled and starts it when it is enabled again", async () => {
    const { manager, scripted, statesOf, becomeIdle } = await startOne();
    becomeIdle();
    expect((await manager.reconfigure("a", { enabled: false })).state).toBe("disabled");
    expect([scripted.openCount("a"), manager.running("a")]).toEqual([0, undefined]);
    expect((await manager.reconfigure("a", { enabled: true })).state).toBe("running");
    expect(statesOf("a")).toEqual(["starting", "running", "stopping", "disabled", "starting", "running"]);
    await manager.stop(1_000);
  });

  test("brings one out of error", async () => {
    const { manager } = createTestManager();
    await manager.start([testConfig("a", { settings: { invalid: "x" } })]);
    expect(manager.status("a").state).toBe("error");
    expect((await manager.reconfigure("a", { settings: {} })).state).toBe("running");
    await manager.stop(1_000);
  });
});

async function startOne(): Promise<TestManager> {
  const test = createTestManager();
  await test.manager.start([testConfig("a")]);
  await test.clock.settle();
  return test;
}
