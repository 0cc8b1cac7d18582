import { Cancellation } from "@llm-platform/kit";
import { createRecordedLog } from "@llm-platform/kit/testing";
import { describe, expect, it } from "vitest";
import { setUpScheduler } from "./hand-scheduler.test-data.ts";
import { modelOfInstance } from "./instance-name.ts";
import { createModelInstances } from "./model-instances.ts";

/** A scheduler of models of 10 bytes each, and the instances of one of them. */
function setUp(maxInstances: number, limits: Parameters<typeof setUpScheduler>[0] = {}) {
  const scheduled = setUpScheduler({ parallel: 1, queueLength: 9, ...limits });
  const { scheduler, engines } = scheduled;
  const { log } = createRecordedLog();
  const instances = createModelInstances({ scheduler, log, maxInstances, parallel: 1 });
  const model = scheduled.model("a");
  const call = () => scheduler.take(instances.choose(model), new Cancellation());
  return { ...scheduled, instances, call, started: () => engines.map(({ id }) => id), subject: model };
}

describe("instances of a model", () => {
  it("become more when a whole instance's calls wait, and share the calls", async () => {
    const { call, last, started, happened, instances, subject } = setUp(2);
    const first = call();
    await last().load();
    const [turn, second] = [await first, call()];
    expect(started()).toEqual(["a"]);
    const third = call();
    expect(started()).toHaveLength(2);
    await last().load();
    expect(happened).toEqual(["loaded a", "loaded a#2"]);
    // Two wait or work at the first, none at the other.
    expect(instances.choose(subject).id).toBe("a#2");
    const fourth = await call();
    turn.release();
    (await second).release();
    (await third).release();
    fourth.release();
  });

  it("stay one where there is no room beside the others, and put nothing out", async () => {
    const { call, last, started, bring } = setUp(2, { maxBytes: 25 });
    (await bring("b")).release();
    const first = call();
    await last().load();
    const all = [call(), call(), call()];
    expect(started()).toEqual(["b", "a"]);
    (await first).release();
    for (const one of all) (await one).release();
  });

  it("are one unless more are allowed", async () => {
    const { call, last, started, instances } = setUp(1);
    const first = call();
    await last().load();
    const all = [call(), call(), call()];
    expect(started()).toEqual(["a"]);
    expect(instances.idsOf("a")).toEqual(["a"]);
    (await first).release();
    for (const one of all) (await one).release();
  });

  it("go again after five minutes, also where the model stays for ever", async () => {
    const { scheduler, model, last, clock, happened } = setUp(2, { queueWaitMs: 1e9 });
    const { log } = createRecordedLog();
    const instances = createModelInstances({ scheduler, log, maxInstances: 2, parallel: 1 });
    const kept = model("a", 10, { keepAliveMs: undefined, isPinned: true });
    const call = () => scheduler.take(instances.choose(kept), new Cancellation());
    const first = call();
    await last().load();
    const others = [call(), call()];
    await last().load();
    (await first).release();
    for (const one of others) (await one).release();
    clock.advance(300_000);
    await expect.poll(() => happened).toEqual(["loaded a", "loaded a#2", "idle a#2"]);
  });

  it("are told by the name of their model", () => {
    expect(["a", "a#2"].map(modelOfInstance)).toEqual(["a", "a"]);
  });
});
