import { Cancellation, PlatformError } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { setUpScheduler as setUp } from "./hand-scheduler.test-data.ts";

describe("ModelScheduler", () => {
  it("loads a model once for all that wait for it", async () => {
    const { engines, take, last } = setUp();
    const turns = [take("a"), take("a")];
    await last().load();
    await Promise.all(turns);
    expect(engines).toHaveLength(1);
  });

  it("gives no more turns at once than there are sequences, and the next when one is over", async () => {
    const { bring, take, scheduler } = setUp();
    const first = await bring("a");
    await take("a");
    const third = take("a");
    expect(scheduler.waitingCalls).toBe(1);
    first.release();
    first.release();
    await third;
    expect(scheduler.loaded((ms) => ms)).toMatchObject([{ id: "a", activeCalls: 2 }]);
  });

  it("refuses a call when the queue is full, and says when to come again", async () => {
    const { bring, take } = setUp({ parallel: 1, queueLength: 1 });
    await bring("a");
    void take("a").catch(() => undefined);
    await expect(take("a")).rejects.toMatchObject({ code: "overloaded", retryAfterMs: 1000 });
  });

  it("refuses a call that waited too long, but not while its model loads", async () => {
    const { bring, take, clock, last } = setUp({ parallel: 1 });
    const loading = take("a");
    clock.advance(1500);
    await last().load();
    await loading;
    const waiting = take("a");
    clock.advance(1500);
    await expect(waiting).rejects.toMatchObject({ code: "overloaded" });
    void bring;
  });

  it("unloads a model that nobody asked for long enough, counted from the end of the last call", async () => {
    const { bring, clock, happened, scheduler } = setUp();
    const turn = await bring("a");
    clock.advance(20_000);
    expect(happened).toEqual(["loaded a"]);
    turn.release();
    expect(scheduler.loaded((ms) => ms)).toMatchObject([{ expiresAtMs: 30_000 }]);
    clock.advance(10_000);
    await expect.poll(() => happened).toEqual(["loaded a", "idle a"]);
  });

  it("unloads a model that is at work when its calls are over, and gives it no further ones meanwhile", async () => {
    const { bring, take, scheduler, happened, engines, last } = setUp();
    const turn = await bring("a");
    const unloaded = scheduler.unload("a");
    const further = take("a");
    expect(scheduler.waitingCalls).toBe(1);
    expect(happened).toEqual(["loaded a"]);
    turn.release();
    await unloaded;
    expect(happened).toEqual(["loaded a", "asked a"]);
    await expect.poll(() => engines.length).toBe(2);
    await last().load();
    (await further).release();
    expect(happened).toEqual(["loaded a", "asked a", "loaded a"]);
  });

  it("waits half a minute for the calls of a model that it is to unload", async () => {
    const { bring, scheduler, clock, happened } = setUp();
    await bring("a");
    const unloaded = scheduler.unload("a");
    clock.advance(29_999);
    await Promise.resolve();
    expect(happened).toEqual(["loaded a"]);
    clock.advance(1);
    await unloaded;
    expect(happened).toEqual(["loaded a", "asked a"]);
  });

  it("unloads a model once for all that ask, and one that crashes meanwhile not at all", async () => {
    const { bring, scheduler, last, happened } = setUp();
    const turn = await bring("a");
    const both = Promise.all([scheduler.unload("a"), scheduler.unload("a")]);
    turn.release();
    await both;
    expect(happened).toEqual(["loaded a", "asked a"]);
    const next = await bring("a");
    const unloaded = scheduler.unload("a");
    await last().die();
    next.release("broken");
    await unloaded;
    expect(happened).toEqual(["loaded a", "asked a", "loaded a", "crashed a"]);
  });

  it("keeps a model for ever when told so", async () => {
    const { scheduler, model, last, clock, happened } = setUp();
    const turn = scheduler.take(model("a", 10, { keepAliveMs: undefined }), new Cancellation());
    await last().load();
    (await turn).release();
    clock.advance(1e9);
    expect(happened).toEqual(["loaded a"]);
  });

  it("puts out the idle model to make room, and waits while none is idle", async () => {
    const { bring, take, happened, engines, last } = setUp({ maxModels: 1 });
    const turn = await bring("a");
    const other = take("b");
    expect(engines).toHaveLength(1);
    turn.release();
    await expect.poll(() => engines.length).toBe(2);
    await last().load();
    await other;
    expect(happened).toEqual(["loaded a", "evicted a", "loaded b"]);
  });

  it("refuses a model that can never fit", async () => {
    const { scheduler, model } = setUp();
    await expect(scheduler.take(model("big", 101), new Cancellation())).rejects.toMatchObject({
      code: "insufficient_storage",
    });
  });

  it("tells all that wait when a load fails, and pauses after three failures", async () => {
    const { take, last, clock, engines, happened } = setUp();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const turn = take("a");
      const refused = expect(turn).rejects.toMatchObject({ code: "unavailable" });
      await last().die();
      await refused;
    }
    await expect(take("a")).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 5000 });
    expect(engines).toHaveLength(3);
    clock.advance(5000);
    const turn = take("a");
    await last().load();
    await turn;
    expect(happened).toEqual(["failed a", "failed a", "failed a", "loaded a"]);
  });

  it("stops a load that takes too long", async () => {
    const { take, clock } = setUp();
    const turn = take("a");
    clock.advance(5000);
    await expect(turn).rejects.toMatchObject({ code: "unavailable" });
  });

  it("starts a new engine for the next call after a crash", async () => {
    const { bring, last, happened, engines } = setUp();
    const turn = await bring("a");
    await last().die();
    turn.release();
    await bring("a");
    expect(engines).toHaveLength(2);
    expect(happened).toEqual(["loaded a", "crashed a", "loaded a"]);
  });

  it("gives no turn at an engine whose connection broke before it answers, and ends it if it does not", async () => {
    const { take, last, happened, engines, clock } = setUp({ queueWaitMs: 10_000 });
    const loading = take("a");
    const silent = last();
    const answer = Promise.withResolvers<boolean>();
    silent.ping = async (signal) => {
      signal.addEventListener("abort", () => answer.resolve(false));
      return await answer.promise;
    };
    await silent.load();
    (await loading).release("broken");
    const next = take("a");
    expect(engines).toHaveLength(1);
    clock.advance(5_000);
    await expect.poll(() => engines.length).toBe(2);
    await last().load();
    await next;
    expect(happened).toEqual(["loaded a", "crashed a", "loaded a"]);
  });

  it("goes on with an engine that answers after its connection broke", async () => {
    const { bring, take, engines } = setUp();
    (await bring("a")).release("broken");
    (await take("a")).release();
    expect(engines).toHaveLength(1);
  });

  it("lets a cancelled call leave the queue", async () => {
    const { bring, take, scheduler } = setUp({ parallel: 1 });
    await bring("a");
    const cancellation = new Cancellation();
    const waiting = take("a", cancellation);
    const reason = new PlatformError("client_cancelled", "The client left.");
    cancellation.cancel(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(scheduler.waitingCalls).toBe(0);
  });

  it("loads a model that the GPU cannot run without it, for who waits and from then on", async () => {
    const { scheduler, model, last, happened, engines } = setUp();
    const withGpu = model("a", 10, { stamp: "gpu", withoutGpu: model("a", 20, { stamp: "no gpu" }) });
    const waiting = scheduler.take(withGpu, new Cancellation());
    await last().die("CUDA error.");
    await last().load();
    (await waiting).release();
    expect(happened).toEqual(["a without the GPU: CUDA error.", "failed a", "loaded a"]);
    (await scheduler.take(withGpu, new Cancellation())).release();
    expect(engines).toHaveLength(2);
  });

  it("refuses everything once it stops, and ends its engines", async () => {
    const { bring, take, scheduler, happened } = setUp({ parallel: 1 });
    await bring("a");
    const waiting = expect(take("a")).rejects.toMatchObject({ code: "shutting_down" });
    await scheduler.stop(new AbortController().signal);
    await waiting;
    await expect(take("a")).rejects.toMatchObject({ code: "shutting_down" });
    expect(happened).toEqual(["loaded a", "stopping a"]);
  });
});
