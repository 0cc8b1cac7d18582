import { Cancellation } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { setUpScheduler as setUp } from "./hand-scheduler.test-data.ts";

describe("turns of models and tenants", () => {
  it("lets models take turns when several are asked for all the time and there is room for one", async () => {
    const { take, last, clock, happened, engines } = setUp({
      maxModels: 1,
      parallel: 1,
      maxLoadsPerMinute: 6,
      queueWaitMs: 1e6,
    });
    const served: string[] = [];
    // Two callers who ask anew as soon as they are answered; each answer takes a second.
    const ask = async (id: string): Promise<never> => {
      for (;;) {
        const turn = await take(id);
        served.push(id);
        await new Promise<void>((resolve) => void clock.after(1_000, resolve));
        turn.release();
      }
    };
    void ask("a").catch(() => undefined);
    void ask("b").catch(() => undefined);
    let known = 0;
    for (let second = 0; second < 120; second += 1) {
      if (engines.length > known) await last().load();
      known = engines.length;
      clock.advance(1_000);
      for (let step = 0; step < 20; step += 1) await Promise.resolve();
    }
    const count = (id: string): number => served.filter((one) => one === id).length;
    expect(happened.filter((one) => one.startsWith("loaded")).length).toBeLessThanOrEqual(13);
    expect(Math.min(count("a"), count("b"))).toBeGreaterThan(40);
    expect(Math.abs(count("a") - count("b"))).toBeLessThan(15);
  });

  it("puts nothing out once too many were loaded within a minute", async () => {
    const limits = { maxModels: 1, maxLoadsPerMinute: 2, queueWaitMs: 1e6 };
    const { scheduler, model, clock, engines, last } = setUp(limits);
    const take = (id: string) =>
      scheduler.take(model(id, 10, { keepAliveMs: undefined }), new Cancellation());
    const first = take("a");
    await last().load();
    (await first).release();
    const second = take("b");
    clock.advance(1_000);
    await expect.poll(() => engines.length).toBe(2);
    await last().load();
    (await second).release();
    const third = take("a");
    clock.advance(58_999);
    await Promise.resolve();
    expect(engines).toHaveLength(2);
    clock.advance(1);
    await expect.poll(() => engines.length).toBe(3);
    await last().load();
    await third;
  });

  it("gives a model up early that nobody uses", async () => {
    const { bring, take, clock, engines } = setUp({ maxModels: 1, maxLoadsPerMinute: 6, queueWaitMs: 1e6 });
    (await bring("a")).release();
    void take("b").catch(() => undefined);
    expect(engines).toHaveLength(1);
    clock.advance(1_000);
    await expect.poll(() => engines.length).toBe(2);
  });

  it("serves tenants in turn, and not by how much they ask", async () => {
    const { bring, take } = setUp({ parallel: 1, queueLength: 9 });
    const turn = await bring("a");
    const order: string[] = [];
    const ask = async (tenant: string): Promise<void> => {
      const own = await take("a", new Cancellation(), tenant);
      order.push(tenant);
      own.release();
    };
    const all = ["one", "one", "one", "two", "two"].map(ask);
    turn.release();
    await Promise.all(all);
    expect(order).toEqual(["one", "two", "one", "two", "one"]);
  });

  it("never puts a pinned model out, and refuses what has no room beside it", async () => {
    const { scheduler, model, last, take, clock, happened } = setUp({ maxModels: 1 });
    const pinned = scheduler.take(
      model("a", 10, { isPinned: true, keepAliveMs: undefined }),
      new Cancellation(),
    );
    await last().load();
    (await pinned).release();
    clock.advance(1e9);
    await expect(take("b")).rejects.toMatchObject({ code: "insufficient_storage" });
    expect(happened).toEqual(["loaded a"]);
  });

  it("loads a model anew that changed, once its calls have ended, and holds new calls until then", async () => {
    const { bring, scheduler, model, engines, happened, last } = setUp();
    const turn = await bring("a");
    const changed = model("a", 10, { stamp: "changed" });
    expect(scheduler.update(changed)).toBe(true);
    const next = scheduler.take(changed, new Cancellation());
    await Promise.resolve();
    expect(engines).toHaveLength(1);
    turn.release();
    await expect.poll(() => engines.length).toBe(2);
    await last().load();
    await next;
    expect(happened).toEqual(["loaded a", "changed a", "loaded a"]);
  });

  it("refuses nobody for the failed load of what the model was before", async () => {
    const { scheduler, model, engines, happened, last } = setUp();
    const broken = scheduler.take(model("a", 10, { stamp: "broken" }), new Cancellation());
    const mended = scheduler.take(model("a", 10, { stamp: "mended" }), new Cancellation());
    await last().die();
    expect(engines).toHaveLength(2);
    await last().load();
    (await broken).release();
    (await mended).release();
    expect(happened).toEqual(["failed a", "loaded a"]);
  });

  it("takes a keep-alive over without loading anew", async () => {
    const { bring, scheduler, model, clock, happened } = setUp();
    (await bring("a")).release();
    expect(scheduler.update(model("a", 10, { keepAliveMs: 500 }))).toBe(false);
    clock.advance(500);
    await expect.poll(() => happened).toEqual(["loaded a", "idle a"]);
  });
});
