import { describe, expect, test } from "vitest";
import { createTestManager, testConfig } from "./test-manager.ts";

async function startOne(more: Parameters<typeof testConfig>[1] = {}) {
  const made = createTestManager();
  await made.manager.start([testConfig("a", more)]);
  return made;
}

describe("adding", () => {
  test("starts one beside the others, and tells of it", async () => {
    const { manager, scripted, events } = await startOne();
    expect(await manager.add(testConfig("b", { dependencies: ["a"] }))).toMatchObject({ state: "running" });
    expect(manager.list().map(({ name }) => name)).toEqual(["a", "b"]);
    expect(events.map(({ type, integration }) => `${type} ${integration}`)).toContain("integration.added b");
    await manager.stop(1_000);
    expect(scripted.openCount("b")).toBe(0);
  });

  test("refuses a taken name and a dependency that there is not, and starts nothing", async () => {
    const { manager, scripted } = await startOne();
    await expect(manager.add(testConfig("a"))).rejects.toMatchObject({ code: "conflict", field: "name" });
    await expect(manager.add(testConfig("b", { dependencies: ["c"] }))).rejects.toMatchObject({
      code: "config_invalid",
    });
    expect(scripted.openCount("b")).toBe(0);
    await manager.stop(1_000);
  });

  test("lets one that waited for its name start", async () => {
    const { manager } = await startOne({ dependencies: ["b"] });
    expect(manager.status("a").state).toBe("error");
    await manager.add(testConfig("b"));
    expect(await manager.restart("a")).toMatchObject({ state: "running" });
    await manager.stop(1_000);
  });

  test("is over once the platform stops", async () => {
    const { manager } = await startOne();
    await manager.stop(1_000);
    await expect(manager.add(testConfig("b"))).rejects.toMatchObject({ code: "shutting_down" });
  });
});

describe("removing", () => {
  test("takes one out of service at once, and stops it when its last calls have ended", async () => {
    const { manager, clock, scripted, becomeIdle, events } = await startOne();
    manager.remove("a");
    expect(manager.running("a")).toBeUndefined();
    expect(manager.list()).toEqual([]);
    await clock.advance(299_000);
    expect(scripted.openCount("a")).toBe(1);
    becomeIdle();
    await clock.settle();
    expect(scripted.openCount("a")).toBe(0);
    expect(events.map(({ type }) => type)).toContain("integration.removed");
    await manager.stop(1_000);
  });

  test("lets the name be taken anew while the old one still drains", async () => {
    const { manager, clock, scripted } = await startOne();
    manager.remove("a");
    expect(await manager.add(testConfig("a"))).toMatchObject({ state: "running" });
    expect(scripted.openCount("a")).toBe(2);
    await clock.advance(300_000);
    expect(scripted.openCount("a")).toBe(1);
    await manager.stop(1_000);
  });

  test("is refused while another depends on it", async () => {
    const { manager, becomeIdle } = await startOne();
    becomeIdle();
    await manager.add(testConfig("b", { dependencies: ["a"] }));
    expect(() => manager.remove("a")).toThrow(/b depends on it/);
    manager.remove("b");
    manager.remove("a");
    expect(() => manager.remove("a")).toThrow(/There is no integration a/);
    await manager.stop(1_000);
  });
});

test("a trial of one that there is not leaves nothing behind, however it ends", async () => {
  const made = await startOne();
  const { manager, scripted } = made;
  expect(await manager.tryNew(testConfig("b"))).toMatchObject({ status: "ok", models: undefined });
  scripted.script.health = "fail";
  expect(await manager.tryNew(testConfig("b"))).toMatchObject({ status: "failed" });
  scripted.script.start = "auth";
  expect(await manager.tryNew(testConfig("b"))).toMatchObject({ status: "auth_required" });
  expect([scripted.openCount("b"), made.lent]).toEqual([0, 1]);
  expect(() => manager.status("b")).toThrow();
  await manager.stop(1_000);
});
