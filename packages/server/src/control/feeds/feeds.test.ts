import { createRecordedLog } from "@llm-platform/kit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultBreakerSettings } from "../../core/breaker.ts";
import { createModelDirectory, type ModelDirectory } from "../../gateway/model-directory.ts";
import { createMetricRegistry } from "../../telemetry/registry.ts";
import { Follower, openTestEvents, type TestEvents } from "./feeds.test-data.ts";
import { MetricSampler } from "./metric-sampler.ts";
import { createMetricsFeed } from "./metrics.ts";
import { createModelsFeed } from "./models.ts";
import { createPullsFeed, type ShownPull } from "./pulls.ts";

let events: TestEvents;

beforeEach(async () => {
  events = await openTestEvents();
});
afterEach(() => events.close());

/** A directory over one integration with the models of a list that the test writes. */
function createDirectory(ids: readonly string[]): ModelDirectory {
  const platform = {
    provider: "test",
    dialectFor: () => undefined,
    list: async () => ids.map((id) => ({ id, operations: ["chat" as const] })),
    send: () => Promise.reject(new Error("no call is made here")),
  };
  return createModelDirectory({
    source: { platforms: () => [{ name: "one", priority: 1, platform, absence: "" }] },
    routing: () => ({ aliases: {}, routes: [] }),
    breaker: defaultBreakerSettings,
    log: createRecordedLog().log,
  });
}

describe("the feed of models", () => {
  function open(directory: ModelDirectory): Follower {
    const integrations = () => [
      { name: "one", type: "model_platform", state: "running", reason: null } as const,
    ];
    return new Follower(createModelsFeed({ reader: events.reader, directory, integrations }));
  }

  it("begins with how everything is, then tells what becomes of models and integrations", async () => {
    const ids = ["a"];
    const directory = createDirectory(ids);
    await directory.refresh();
    const follower = open(directory);
    expect(await follower.next()).toMatchObject({
      type: "snapshot",
      data: { models: [{ id: "a" }], integrations: [{ name: "one", state: "running" }] },
    });
    const changed = follower.next();
    ids.push("b");
    await directory.refresh();
    expect(await changed).toMatchObject({
      type: "models.changed",
      data: { models: [{ id: "a" }, { id: "b" }] },
    });
    await events.append("budget.warned");
    await events.append("integration.state_changed");
    expect(await follower.next()).toMatchObject({ type: "integration.state_changed" });
    await follower.leave();
  });

  it("tells who reads slowly the last of each, and everything anew when that is too much", async () => {
    const follower = open(createDirectory([]));
    await follower.next();
    const hear = (model: string, type = "model.loaded") =>
      events.hear({ id: 0, time: "", integration: "one", type, data: { model }, replica: "r2" });
    for (let each = 0; each < 1_000; each++) hear("m", `model.loading${each}`);
    hear("n");
    expect(await follower.take(2)).toMatchObject([{ type: "model.loading999" }, { type: "model.loaded" }]);
    for (let each = 0; each < 1_000; each++) hear(`m${each}`);
    expect(await follower.next()).toMatchObject({ type: "snapshot" });
    await follower.leave();
  });
});

describe("the feed of metrics", () => {
  it("samples the series that were asked for, with one reading for all who follow", async () => {
    const registry = createMetricRegistry();
    registry
      .gauge({ name: "a", help: "", type: "gauge", labels: ["l"] })
      .series("x")
      .set(2);
    registry.counter({ name: "b", help: "", type: "counter", labels: [] }).series().add();
    const asked = { times: 0 };
    const sampler = new MetricSampler({
      registry,
      askOthers: async () => void asked.times++,
      nowMs: () => 0,
    });
    const feed = createMetricsFeed(sampler);
    const followers = Array.from({ length: 10 }, () => new Follower(feed, { series: "a,unknown" }));
    const items = await Promise.all(followers.map((each) => each.next()));
    expect(items[0]).toMatchObject({
      type: "sample",
      data: { series: [{ name: "a", labels: { l: "x" }, value: 2 }] },
    });
    expect([new Set(items).size, asked.times]).toEqual([1, 1]);
    const all = new Follower(feed);
    expect((await all.next())?.data["series"]).toHaveLength(2);
    for (const each of [...followers, all]) await each.leave();
  });
});

describe("the feed of pulls", () => {
  it("begins with all of them, and tells who reads slowly the last of each", async () => {
    const listeners = new Set<(pull: ShownPull) => void>();
    const feed = createPullsFeed({
      list: async () => [shownPull("p1", 0)],
      onChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    });
    const follower = new Follower(feed);
    expect(await follower.next()).toMatchObject({ type: "snapshot", data: { pulls: [{ id: "p1" }] } });
    for (let bytes = 0; bytes <= 100; bytes++)
      for (const listener of listeners) for (const id of ["p1", "p2"]) listener(shownPull(id, bytes));
    expect(await follower.take(2)).toEqual([
      { type: "pull.changed", data: shownPull("p1", 100) },
      { type: "pull.changed", data: shownPull("p2", 100) },
    ]);
    await follower.leave();
    expect(listeners.size).toBe(0);
  });
});

function shownPull(id: string, completedBytes: number): ShownPull {
  return {
    id,
    kind: "url",
    source: "http://127.0.0.1/a.gguf",
    integration: null,
    replica: null,
    revision: null,
    license: null,
    phase: "downloading",
    detail: null,
    error: null,
    completed_bytes: completedBytes,
    total_bytes: 100,
    bytes_per_second: null,
    eta_seconds: null,
    files: [],
    models: [],
    created_by: "key_a",
    created_by_name: "a",
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
    finished_at: null,
  };
}
