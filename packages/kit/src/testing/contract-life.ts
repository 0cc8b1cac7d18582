import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Health } from "../health.ts";
import type { RunningIntegration } from "../integration.ts";
import type { ContractCase, ContractInput } from "./contract-input.ts";
import { createFakeHost, type FakeHost } from "./fake-host.ts";
import { leavesNothingOpen, settledWithin, within } from "./open-resources.ts";

const defaultStepLimitMs = 10_000;
/** How soon an aborted step must end. */
const abortLimitMs = 2_000;

/** The cases about starting, probing and stopping. */
export function lifeCases<Settings>(input: ContractInput<Settings>): readonly ContractCase[] {
  const { breakSettings, hangSettings } = input;
  const cases: ContractCase[] = [
    { name: "starts, is well and stops", run: () => checkLife(input) },
    { name: "starts again after a stop", run: () => checkSecondLife(input) },
    {
      name: "closes on stop what it opened",
      run: () => checkStopCloses(input),
    },
    {
      name: "ends a probe soon when its signal aborts",
      run: () => checkHealthAbort(input),
    },
    {
      name: "ends a stop soon when its signal aborts",
      run: () => checkStopAbort(input),
    },
    {
      name: "ends a start soon when the context's signal aborts",
      run: () => checkStartAbort(input),
    },
    {
      name: "keeps its secrets out of log, events and health",
      run: () => checkNoLeak(input),
    },
    {
      name: "uses its metrics as it declares them",
      run: () => checkMetricUse(input),
    },
  ];
  if (input.definition.type !== "api") {
    cases.push({
      name: "runs twice side by side",
      run: () => checkSideBySide(input),
    });
  }
  if (breakSettings !== undefined) {
    const broken = { ...input, settings: breakSettings };
    cases.push({
      name: "says so when it cannot work, and leaves nothing open",
      run: () => checkBroken(broken),
    });
  }
  if (hangSettings !== undefined) {
    const hanging = { ...input, settings: hangSettings };
    cases.push({
      name: "ends soon when aborted while its server is silent",
      run: () => checkSilence(hanging),
    });
  }
  return cases;
}

/** A host that is let go after `use`, and with it an instance that `use` has started. */
export async function withHost<Settings>(
  input: ContractInput<Settings>,
  use: (host: FakeHost<Settings>) => Promise<void>,
): Promise<void> {
  const host = await createFakeHost(input);
  try {
    await use(host);
  } finally {
    await host.cleanup();
  }
}

/** Starts, hands the instance to `use`, and stops it also when `use` fails. */
export async function withRunning<Settings>(
  input: ContractInput<Settings>,
  use: (running: RunningIntegration, host: FakeHost<Settings>) => Promise<void>,
): Promise<void> {
  await withHost(input, async (host) => {
    const running = await within(limitOf(input), "start", host.start());
    try {
      await use(running, host);
    } finally {
      await within(limitOf(input), "stop", running.stop(never()));
    }
  });
}

export function limitOf({ stepLimitMs = defaultStepLimitMs }: { readonly stepLimitMs?: number }): number {
  return stepLimitMs;
}

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

async function checkLife<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withRunning(input, async (running) => {
    const health = await within(limitOf(input), "health", running.health(never()));
    assert.equal(health.status, "ok", `health is ok; it says: ${health.detail ?? "nothing"}`);
  });
}

async function checkSecondLife<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withHost(input, async (host) => {
    for (const turn of ["first", "second"]) {
      const running = await within(limitOf(input), `the ${turn} start`, host.start());
      try {
        const health = await within(limitOf(input), "health", running.health(never()));
        assert.equal(health.status, "ok", `health is ok after the ${turn} start`);
      } finally {
        await within(limitOf(input), "stop", running.stop(never()));
      }
    }
  });
}

async function checkSideBySide<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withRunning(input, async (first) => {
    await withRunning(input, (second) => assertWell(input, second));
    await assertWell(input, first);
  });
}

async function assertWell<Settings>(
  input: ContractInput<Settings>,
  running: RunningIntegration,
): Promise<void> {
  const health = await within(limitOf(input), "health", running.health(never()));
  assert.equal(health.status, "ok", "one instance is well whatever becomes of the other");
}

async function checkStopCloses<Settings>(input: ContractInput<Settings>): Promise<void> {
  await leavesNothingOpen("stop", async () => {
    await withRunning(input, async (running) => {
      await within(limitOf(input), "health", running.health(never()));
    });
  });
}

async function checkHealthAbort<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withRunning(input, async (running) => {
    await settledWithin(abortLimitMs, "an aborted health", running.health(AbortSignal.abort()));
    await assertWell(input, running);
  });
}

async function checkStopAbort<Settings>(input: ContractInput<Settings>): Promise<void> {
  await leavesNothingOpen("an aborted stop", async () => {
    await withHost(input, async (host) => {
      const running = await within(limitOf(input), "start", host.start());
      await settledWithin(abortLimitMs, "an aborted stop", running.stop(AbortSignal.abort()));
    });
  });
}

async function checkStartAbort<Settings>(input: ContractInput<Settings>): Promise<void> {
  await leavesNothingOpen("an aborted start", async () => {
    await withHost(input, async (host) => {
      const start = host.start();
      host.abort();
      await settledWithin(abortLimitMs, "an aborted start", start);
      await stopIfStarted(input, start);
    });
  });
}

async function checkBroken<Settings>(input: ContractInput<Settings>): Promise<void> {
  await leavesNothingOpen("a start that cannot work", async () => {
    await withHost(input, async (host) => {
      const start = host.start();
      await settledWithin(limitOf(input), "a start that cannot work", start);
      const [outcome] = await Promise.allSettled([start]);
      const health = outcome.status === "fulfilled" ? await probe(input, outcome.value) : undefined;
      await stopIfStarted(input, start);
      assert.notEqual(health?.status, "ok", "what cannot work fails to start, or says so when it is probed");
      if (outcome.status === "rejected") assertNoSecret(host, inspect(outcome.reason), "the error of start");
      assertNoSecret(host, health?.detail ?? "", "health");
    });
  });
}

async function checkSilence<Settings>(input: ContractInput<Settings>): Promise<void> {
  await leavesNothingOpen("a silent server", async () => {
    await withHost(input, async (host) => {
      const start = host.start();
      await Promise.race([Promise.allSettled([start]), nextTurns()]);
      host.abort();
      await settledWithin(abortLimitMs, "an aborted start", start);
      await stopIfStarted(input, start);
    });
    await withHost(input, async (host) => {
      const start = host.start();
      const isStarted = await Promise.race([
        start.then(
          () => true,
          () => false,
        ),
        nextTurns().then(() => false),
      ]);
      if (isStarted) {
        const controller = new AbortController();
        const health = (await start).health(controller.signal);
        await Promise.race([Promise.allSettled([health]), nextTurns()]);
        controller.abort();
        await settledWithin(abortLimitMs, "an aborted health", health);
      }
      host.abort();
      await settledWithin(abortLimitMs, "an aborted start", start);
      await stopIfStarted(input, start);
    });
  });
}

/** Long enough for a request to reach a server of this machine. */
function nextTurns(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 200));
}

async function probe<Settings>(input: ContractInput<Settings>, running: RunningIntegration): Promise<Health> {
  const work = running.health(never()).catch((): Health => ({ status: "failed" }));
  return within(limitOf(input), "health", work);
}

async function stopIfStarted<Settings>(
  input: ContractInput<Settings>,
  start: Promise<RunningIntegration>,
): Promise<void> {
  const [outcome] = await Promise.allSettled([start]);
  if (outcome.status === "fulfilled") await within(limitOf(input), "stop", outcome.value.stop(never()));
}

async function checkNoLeak<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withHost(input, async (host) => {
    const running = await within(limitOf(input), "start", host.start());
    const health = await probe(input, running);
    await within(limitOf(input), "stop", running.stop(never()));
    assertNoSecret(host, inspect(host.logs, { depth: 12 }), "the log");
    assertNoSecret(host, JSON.stringify(host.logs), "the log");
    assertNoSecret(host, JSON.stringify(host.events), "the events");
    assertNoSecret(host, health.detail ?? "", "health");
  });
}

function assertNoSecret<Settings>(host: FakeHost<Settings>, text: string, where: string): void {
  for (const secret of host.secrets)
    assert.ok(!text.includes(secret), `no secret of the settings stands in ${where}`);
}

async function checkMetricUse<Settings>(input: ContractInput<Settings>): Promise<void> {
  await withRunning(input, async (running, host) => {
    await probe(input, running);
    assert.deepEqual(host.metrics.violations, []);
  });
}
