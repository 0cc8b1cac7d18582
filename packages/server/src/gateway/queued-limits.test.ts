import { Cancellation, PlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LimitDemand, noLimits } from "../core/limits.ts";
import { LimitTable } from "../core/limit-table.ts";
import { localAdmin } from "../core/principal.ts";
import { HistogramSeries, NumberSeries } from "../telemetry/metric-family.ts";
import { BudgetTable } from "../core/budget-table.ts";
import { type CallLimits, createLocalLimits, type LimitedCall } from "./call-limits.ts";
import { DemandTable } from "./demand-table.ts";
import { createQueuedLimits } from "./queued-limits.ts";

const busyModel: LimitDemand = {
  limits: [{ ...noLimits, scope: "model", id: "m", maxConcurrent: 1 }],
  tokens: 0,
};

/** The same limits, which answer as those of another process do: later. */
function later(inner: CallLimits): CallLimits {
  return {
    enter: async (call, demand) => {
      await turn();
      await inner.enter(call, demand);
    },
    leave: (call) => inner.leave(call),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function create({ most = 1, size = 8, isRemote = false } = {}) {
  const clock = { nowMs: 0, timers: new Map<() => void, number>() };
  const depth = new NumberSeries();
  const wait = new HistogramSeries([1]);
  const table = new DemandTable(new LimitTable(), new BudgetTable({ onNotice: () => undefined }));
  const local = createLocalLimits(most, table);
  const limits = createQueuedLimits({
    inner: isRemote ? later(local) : local,
    settings: { size, waitMs: 1_000 },
    metrics: (queue) => ({ depth: queue === "global" ? depth : new NumberSeries(), wait }),
    nowMs: () => clock.nowMs,
    after(delayMs, action) {
      clock.timers.set(action, clock.nowMs + delayMs);
      return () => void clock.timers.delete(action);
    },
  });
  const inside: string[] = [];
  const refused: { readonly name: string; readonly error: PlatformError }[] = [];
  const calls = new Map<string, LimitedCall>();
  const enter = (name: string, demand?: LimitDemand) => {
    const [tenant = ""] = name.split("-");
    const call: LimitedCall = {
      principal: { ...localAdmin, id: tenant, name: tenant },
      cancellation: new Cancellation(),
      estimatedInputTokens: 1,
      usedTokens: 0,
      limit: undefined,
      hold: undefined,
      queuedMs: 0,
    };
    calls.set(name, call);
    const fail = (error: PlatformError) => refused.push({ name, error });
    try {
      const entering = limits.enter(call, demand);
      if (entering === undefined) inside.push(name);
      else entering.then(() => inside.push(name), fail);
    } catch (error) {
      if (error instanceof PlatformError) fail(error);
    }
  };
  const leave = (name: string) => {
    const call = calls.get(name);
    inside.splice(inside.indexOf(name), 1);
    if (call !== undefined) limits.leave(call);
  };
  const pass = async (ms: number) => {
    const untilMs = clock.nowMs + ms;
    for (;;) {
      const next = [...clock.timers].sort(([, one], [, other]) => one - other)[0];
      if (next === undefined || next[1] > untilMs) break;
      clock.nowMs = next[1];
      clock.timers.delete(next[0]);
      next[0]();
      for (let each = 0; each < 6; each++) await turn();
    }
    clock.nowMs = untilMs;
  };
  /** Makes room as another process does that has the same limits: unheard here. */
  const leaveElsewhere = (name: string) => {
    const call = calls.get(name);
    inside.splice(inside.indexOf(name), 1);
    if (call !== undefined) local.leave(call);
  };
  return { limits, enter, leave, leaveElsewhere, pass, inside, refused, calls, depth, wait, clock };
}

describe("calls that wait", () => {
  test("go in as room is made, tenants by turns, so that a flood delays itself", async () => {
    const { enter, leave, inside, depth, wait } = create();
    enter("flood-0");
    for (let each = 1; each < 7; each++) enter(`flood-${each}`);
    enter("other-1");
    expect(depth.value).toBe(7);
    const order: (string | undefined)[] = [];
    for (let each = 0; each < 8; each++) {
      await turn();
      order.push(inside[0]);
      leave(inside[0] ?? "");
    }
    expect(order.slice(0, 4)).toEqual(["flood-0", "flood-1", "other-1", "flood-2"]);
    expect(new Set(order).size).toBe(8);
    expect(depth.value).toBe(0);
    expect(wait.counts[0]).toBe(7);
  });

  test("are refused when the queue is full, and when their time is over, with a time to come back", async () => {
    const { enter, pass, refused, depth, clock } = create({ size: 2 });
    for (const name of ["a-1", "a-2", "a-3", "a-4"]) enter(name);
    await turn();
    expect(refused).toMatchObject([{ name: "a-4", error: { code: "overloaded", retryAfterMs: 1_000 } }]);
    await pass(1_100);
    expect(refused.map(({ name }) => name)).toEqual(["a-4", "a-2", "a-3"]);
    expect(refused[2]?.error.message).toContain("within 1 s");
    expect([depth.value, clock.timers.size]).toEqual([0, 0]);
  });

  test("leave the queue with their client, and with the server", async () => {
    const { limits, enter, leave, inside, refused, calls, clock } = create();
    for (const name of ["a-1", "a-2", "a-3", "a-4"]) enter(name);
    calls.get("a-2")?.cancellation.cancel(new PlatformError("client_cancelled", "gone"));
    await turn();
    expect(refused).toMatchObject([{ name: "a-2", error: { code: "client_cancelled" } }]);
    expect(calls.get("a-2")?.limit).toBeUndefined();
    leave("a-1");
    await turn();
    expect(inside).toEqual(["a-3"]);
    limits.close(new PlatformError("shutting_down", "stop"));
    enter("a-5");
    await turn();
    expect(refused.slice(1).map(({ name, error }) => [name, error.code])).toEqual([
      ["a-5", "shutting_down"],
      ["a-4", "shutting_down"],
    ]);
    expect(clock.timers.size).toBe(0);
  });

  test("for a busy model keep nobody from another, and a limit that is no matter of room is not waited for", async () => {
    const { enter, leave, inside, refused } = create({ most: 5 });
    enter("a-1", busyModel);
    enter("a-2", busyModel);
    enter("b-1");
    await turn();
    expect(inside).toEqual(["a-1", "b-1"]);
    const once: LimitDemand = {
      limits: [{ ...noLimits, scope: "key", id: "k", requestsPerMinute: 1 }],
      tokens: 0,
    };
    enter("c-1", once);
    enter("c-2", once);
    await turn();
    expect(refused.map(({ name, error }) => [name, error.code])).toEqual([["c-2", "rate_limited"]]);
    leave("a-1");
    await turn();
    expect(inside).toEqual(["b-1", "c-1", "a-2"]);
  });

  test("a call that found its model busy behind all others waits for the model then", async () => {
    const { enter, leave, inside } = create({ most: 2 });
    enter("a-1", busyModel);
    enter("b-1");
    enter("a-2", busyModel);
    enter("b-2");
    leave("b-1");
    await turn();
    expect(inside).toEqual(["a-1", "b-2"]);
    leave("a-1");
    await turn();
    expect(inside).toEqual(["b-2", "a-2"]);
  });

  test.each([false, true])(
    "find room that another process made, however often they looked before (limits of another process: %j)",
    async (isRemote) => {
      const { enter, leaveElsewhere, pass, inside, depth } = create({ isRemote });
      for (const name of ["a-1", "a-2"]) {
        enter(name);
        for (let each = 0; each < 4; each++) await turn();
      }
      await pass(400);
      expect([inside, depth.value]).toEqual([["a-1"], 1]);
      leaveElsewhere("a-1");
      await pass(60);
      expect([inside, depth.value]).toEqual([["a-2"], 0]);
    },
  );

  test.each([false, true])(
    "never are too many inside, and none is lost (limits of another process: %j)",
    async (isRemote) => {
      const step = fc.record({
        does: fc.constantFrom("enter", "enter", "leave", "cancel", "pass"),
        tenant: fc.constantFrom("a", "b", "c"),
        isBusy: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }),
          fc.array(step, { maxLength: 40 }),
          async (most, steps) => {
            const host = create({ most, size: 5, isRemote });
            let count = 0;
            for (const { does, tenant, isBusy } of steps) {
              if (does === "enter") host.enter(`${tenant}-${++count}`, isBusy ? busyModel : undefined);
              else if (does === "leave" && host.inside[0] !== undefined) host.leave(host.inside[0]);
              else if (does === "pass") await host.pass(60);
              else if (does === "cancel") {
                const waiting = [...host.calls.keys()].filter((name) => !host.inside.includes(name));
                host.calls
                  .get(waiting.at(-1) ?? "")
                  ?.cancellation.cancel(new PlatformError("client_cancelled", "x"));
              }
              for (let each = 0; each < 4; each++) await turn();
              expect(host.inside.length).toBeLessThanOrEqual(most);
            }
            while (host.inside.length > 0) {
              host.leave(host.inside[0] ?? "");
              await host.pass(60);
              for (let each = 0; each < 4; each++) await turn();
            }
            expect(host.depth.value).toBe(0);
            // Everything is free again.
            for (let each = 0; each < most; each++) host.enter(`z-${each}`);
            for (let each = 0; each < 4; each++) await turn();
            expect(host.inside.length).toBe(most);
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});
