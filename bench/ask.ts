import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { benchKey, type Contestant, type RunningContestant } from "./contestants/contestant.ts";
import { waitUntilQuiet } from "./cpu.ts";
import { findFaults, type Metrics, toMetrics } from "./figures.ts";
import type { LoadGenerator, LoadTarget, LoadTimes } from "./load.ts";
import type { PinnedProcess, Processes } from "./processes.ts";
import { type ContestantName, type GatewayName, isPeer, type LoadScenario } from "./scenarios.ts";

export interface AskParts {
  readonly processes: Processes;
  readonly load: LoadGenerator;
  readonly contestants: readonly Contestant[];
  readonly upstream: { readonly port: number; readonly process: PinnedProcess };
  /** Folder for what contestants write. */
  readonly folder: string;
  readonly times: LoadTimes;
}

/** @throws Error when it is not in the line-up, or does not start */
export async function startContestant(
  name: GatewayName,
  { contestants, processes, folder, upstream }: AskParts,
): Promise<RunningContestant> {
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new Error(`there is no contestant ${name}`);
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, `${name}-`));
  return contestant.start({ processes, folder: own, upstreamPort: upstream.port });
}

/** What is asked of is a server that has run for a while: V8 still compiles and recompiles after ten seconds of this load. */
export const steadyWarmUpSeconds = 30;

const warmUpScenario: LoadScenario = {
  name: "warm-up",
  kind: "json",
  contestants: [],
  plan: { mode: "closed", connections: 50 },
};

/** Lets a fresh process compile its hot paths. @returns what went wrong */
export async function warmUp(
  name: GatewayName,
  parts: AskParts,
  { running, seconds }: { readonly running: RunningContestant; readonly seconds: number },
): Promise<readonly string[]> {
  const faults: string[] = [];
  const times = { seconds, warmupSeconds: 0 };
  await measureOnce(warmUpScenario, await targetOf(name, parts, running), {
    parts: { ...parts, times },
    faults,
  });
  return faults;
}

/**
 * Asks one contestant. A peer finishes what its load left behind, which must not be counted the next time, and then
 * sleeps until it is asked again: nothing of it takes the core from others.
 */
export async function ask(
  scenario: LoadScenario,
  { name, running, ...once }: OnceParts & Asked,
): Promise<Metrics | undefined> {
  const pausable = isPeer(name) ? running?.process : undefined;
  await pausable?.resume();
  try {
    const parts = { ...once.parts, times: timesOf(name, once.parts) };
    const metrics = await measureOnce(scenario, await targetOf(name, parts, running), { ...once, parts });
    if (pausable !== undefined) await waitUntilQuiet(pausable);
    return metrics;
  } finally {
    await pausable?.pause();
  }
}

function timesOf(name: ContestantName, { contestants, times }: AskParts): LoadTimes {
  const { timesFactor = 1 } = contestants.find((one) => one.name === name) ?? {};
  return { seconds: times.seconds * timesFactor, warmupSeconds: times.warmupSeconds * timesFactor };
}

interface Asked {
  readonly name: ContestantName;
  /** Undefined for the upstream itself. */
  readonly running: RunningContestant | undefined;
}

interface OnceParts {
  readonly parts: AskParts;
  readonly faults: string[];
}

/** Undefined, with a fault told, when the load could not be run at all or nothing was answered. */
async function measureOnce(
  scenario: LoadScenario,
  target: LoadTarget,
  { parts, faults }: OnceParts,
): Promise<Metrics | undefined> {
  try {
    const told = await parts.load.run(scenario.plan, target, parts.times);
    const found = findFaults(scenario.kind, told);
    faults.push(...found);
    const metrics = toMetrics(scenario.kind, told);
    return Object.values(metrics).every(Number.isFinite) ? metrics : undefined;
  } catch (thrown) {
    // One contestant that fails must not lose what the others have shown.
    faults.push(thrown instanceof Error ? thrown.message : String(thrown));
    return undefined;
  }
}

/** Pids are read each time, because a gateway may start and lose children. */
async function targetOf(
  name: ContestantName,
  { contestants, upstream }: AskParts,
  running: RunningContestant | undefined,
): Promise<LoadTarget> {
  const { port, process } = running ?? upstream;
  const own = contestants.find((one) => one.name === name)?.headers(upstream.port) ?? [];
  return { name, port, headers: [`Authorization: Bearer ${benchKey}`, ...own], pids: await process.pids() };
}
