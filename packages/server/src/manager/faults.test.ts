import { integrationStates } from "@llm-platform/kit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLegalMove } from "../core/lifecycle.ts";
import { createTestManager, type TestManager, testConfig } from "./test-manager.ts";

const names = ["a", "b", "c"] as const;

/** One thing that happens to the platform: a step goes another way, time passes, a person or a call acts. */
type Fault =
  | { readonly type: "script"; readonly name: string; readonly step: string; readonly word: string }
  | { readonly type: "advance"; readonly byMs: number }
  | {
      readonly type: "traffic";
      readonly name: string;
      readonly outcome: "ok" | "auth_failed" | "failed" | "rate_limited";
    }
  | { readonly type: "restart"; readonly name: string }
  | { readonly type: "restartAll" }
  | { readonly type: "settings"; readonly name: string; readonly url: number }
  | { readonly type: "enable"; readonly name: string; readonly isEnabled: boolean }
  | { readonly type: "releaseHangs" };

const name = fc.constantFrom(...names);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    type: fc.constant("script" as const),
    name,
    step: fc.constant("start"),
    word: fc.constantFrom("ok", "fail", "auth", "hang"),
  }),
  fc.record({
    type: fc.constant("script" as const),
    name,
    step: fc.constant("health"),
    word: fc.constantFrom("ok", "degraded", "fail", "throw", "auth", "hang"),
  }),
  fc.record({
    type: fc.constant("script" as const),
    name,
    step: fc.constant("stop"),
    word: fc.constantFrom("ok", "fail", "hang"),
  }),
  fc.record({
    type: fc.constant("advance" as const),
    byMs: fc.constantFrom(0, 1, 900, 5_000, 10_000, 60_000, 700_000),
  }),
  fc.record({
    type: fc.constant("traffic" as const),
    name,
    outcome: fc.constantFrom("ok", "auth_failed", "failed", "rate_limited"),
  }),
  fc.record({ type: fc.constant("restart" as const), name }),
  fc.record({ type: fc.constant("restartAll" as const) }),
  fc.record({ type: fc.constant("settings" as const), name, url: fc.nat(3) }),
  fc.record({ type: fc.constant("enable" as const), name, isEnabled: fc.boolean() }),
  fc.record({ type: fc.constant("releaseHangs" as const) }),
);

/** Always played, so that every state is reached in every run: `c` is restarted too often, `b` has its share of the rest. */
const troubles: Fault[] = [
  { type: "script", name: "c", step: "health", word: "fail" },
  { type: "script", name: "b", step: "health", word: "degraded" },
  { type: "advance", byMs: 700_000 },
  { type: "traffic", name: "a", outcome: "auth_failed" },
  { type: "enable", name: "b", isEnabled: false },
];

test("any sequence of faults keeps to the table of states and leaves nothing behind", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  const seen = new Set<string>();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 30 }), async (faults) => {
        const played = createTestManager();
        await play(played, faults);
        checkMoves(played, seen);
        expect(unhandled).toEqual([]);
      }),
      { numRuns: 200, examples: [[troubles]] },
    );
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
  expect([...seen].toSorted(), "the sequences reach every state").toEqual([...integrationStates].toSorted());
}, 60_000);

async function play(played: TestManager, faults: readonly Fault[]): Promise<void> {
  const { manager, clock, scripted } = played;
  await manager.start([
    testConfig("a", { dependencies: ["b"] }),
    testConfig("b"),
    testConfig("c", {
      health_check_interval: 10,
      retry_config: { max_retries: 1, backoff_factor: 2, max_backoff: 1 },
    }),
  ]);
  const pending: Promise<unknown>[] = [];
  for (const one of faults) {
    const work = act(played, one);
    if (work !== undefined) pending.push(work.catch((error: unknown) => error));
    if (one.type === "advance") await clock.advance(one.byMs);
    await clock.settle();
    checkInstances(
      played,
      faults.some(({ type }) => type === "settings"),
    );
  }
  const stop = manager.stop(20_000);
  await clock.advance(20_000);
  await stop;
  await Promise.all(pending);
  expect(clock.pending, "no timer is left").toBe(0);
  expect(played.lent, "the host has everything back").toBe(0);
  for (const { name, state } of manager.list()) expect(["stopped", "disabled"], name).toContain(state);
  scripted.releaseHangs();
  await clock.settle();
  await clock.advance(20_000);
  for (const name of names) expect(scripted.openCount(name), `${name} is stopped`).toBe(0);
  expect(clock.pending, "no timer is left at the very end").toBe(0);
}

function act({ manager, scripted }: TestManager, one: Fault): Promise<unknown> | undefined {
  switch (one.type) {
    case "script":
      Object.assign(scripted.scriptFor(one.name), { [one.step]: one.word });
      return undefined;
    case "advance":
      return undefined;
    case "traffic":
      return void manager.reportTraffic(one.name, one.outcome);
    case "restart":
      return manager.restart(one.name);
    case "restartAll":
      return manager.restartAll();
    case "settings":
      return manager.reconfigure(one.name, { settings: { url: one.url } });
    case "enable":
      return manager.reconfigure(one.name, { enabled: one.isEnabled });
    case "releaseHangs":
      return void scripted.releaseHangs();
  }
}

/**
 * An instance is let go before another is started; only a swap, which leaves no trace among the states,
 * and its drain have two of them for a while. What takes calls is always one that has not been stopped.
 */
function checkInstances({ manager, scripted }: TestManager, hasSwaps: boolean): void {
  for (const { name, state, waiting_for } of manager.list()) {
    const isUp = ["running", "degraded"].includes(state);
    if (isUp) expect(manager.running(name), `${name} is ${state}`).toBeDefined();
    if (manager.running(name) !== undefined) expect(scripted.openCount(name)).toBeGreaterThan(0);
    if (waiting_for.length > 0) expect(state).toBe("stopped");
    expect(scripted.openCount(name)).toBeGreaterThanOrEqual(0);
    if (!hasSwaps) expect(scripted.openCount(name), `${name} is started once`).toBeLessThanOrEqual(1);
  }
}

function checkMoves({ events }: TestManager, seen: Set<string>): void {
  const last = new Map<string, string>(names.map((one) => [one, "stopped"]));
  for (const { integration, type, data } of events) {
    if (type !== "integration.state_changed") continue;
    const from = integrationStates.find((state) => state === data.from);
    const to = integrationStates.find((state) => state === data.to);
    if (from === undefined || to === undefined) throw new Error("an event names a state that there is not");
    expect(from, `${integration} moves on from where it was`).toBe(last.get(integration));
    expect(isLegalMove(from, to), `${integration}: ${from} → ${to}`).toBe(true);
    last.set(integration, to);
    seen.add(to);
  }
}
