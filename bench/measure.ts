import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { benchKey, type Contestant, type RunningContestant } from "./contestants/contestant.ts";
import { type Figure, findFaults, type Metrics, toMetrics } from "./figures.ts";
import type { LoadGenerator, LoadTarget, LoadTimes } from "./load.ts";
import type { PinnedProcess, Processes } from "./processes.ts";
import type { ContestantName, Scenario } from "./scenarios.ts";

export interface MeasureParts {
  readonly processes: Processes;
  readonly load: LoadGenerator;
  readonly contestants: readonly Contestant[];
  readonly upstream: { readonly port: number; readonly process: PinnedProcess };
  /** Folder for what contestants write. */
  readonly folder: string;
  readonly rounds: number;
  readonly times: LoadTimes;
  say(line: string): void;
}

export interface Measured {
  readonly figures: readonly Figure[];
  /** What went wrong, each naming contestant, scenario and round. */
  readonly problems: readonly string[];
}

/** Runs every scenario. What stays open between rounds is started once; idle streams get a fresh process each time. */
export async function measureAll(scenarios: readonly Scenario[], parts: MeasureParts): Promise<Measured> {
  const problems: string[] = [];
  const steady = scenarios.filter(({ kind }) => kind !== "idle");
  const figures: Figure[] = [];
  const started = await startAll(steady, parts);
  for (const scenario of steady)
    figures.push(...(await measureInterleaved(scenario, { parts, started, problems })));
  await Promise.all([...started.values()].map(({ process }) => process.stop()));
  for (const scenario of scenarios.filter(({ kind }) => kind === "idle")) {
    figures.push(...(await measureIdle(scenario, parts, problems)));
  }
  return { figures, problems };
}

type Started = ReadonlyMap<ContestantName, RunningContestant>;

async function startAll(scenarios: readonly Scenario[], parts: MeasureParts): Promise<Started> {
  const started = new Map<ContestantName, RunningContestant>();
  const wanted = new Set(scenarios.flatMap(({ contestants }) => contestants));
  for (const name of wanted) {
    if (name === "direct") continue;
    const running = await startContestant(name, parts);
    started.set(name, running);
    await warmUp(name, parts, { running, seconds: steadyWarmUpSeconds });
  }
  return started;
}

async function startContestant(
  name: ContestantName,
  { contestants, processes, folder, upstream }: MeasureParts,
) {
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new Error(`there is no contestant ${name}`);
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, `${name}-`));
  return contestant.start({ processes, folder: own, upstreamPort: upstream.port });
}

interface InterleavedParts {
  readonly parts: MeasureParts;
  readonly started: Started;
  readonly problems: string[];
}

/** A B C, A B C, …: what slows the machine for a while slows all alike. Round 0 warms up and is thrown away. */
async function measureInterleaved(
  scenario: Scenario,
  { parts, started, problems }: InterleavedParts,
): Promise<readonly Figure[]> {
  const rounds = new Map<ContestantName, (Metrics | undefined)[]>(
    scenario.contestants.map((name) => [name, []]),
  );
  for (let round = 0; round <= parts.rounds; round++) {
    for (const name of scenario.contestants) {
      const faults: string[] = [];
      const metrics = await measureOnce(scenario, await targetOf(name, parts, started.get(name)), {
        parts,
        faults,
      });
      if (round === 0) continue;
      rounds.get(name)?.push(metrics);
      problems.push(...faults.map((fault) => `${name}, ${scenario.name}, round ${round}: ${fault}`));
    }
  }
  return toFigures(scenario, rounds, parts);
}

async function measureIdle(
  scenario: Scenario,
  parts: MeasureParts,
  problems: string[],
): Promise<readonly Figure[]> {
  const rounds = new Map<ContestantName, (Metrics | undefined)[]>();
  for (const name of scenario.contestants) {
    const running = await startContestant(name, parts);
    // Code that was never run yet would count as memory of the streams.
    const faults: string[] = [...(await warmUp(name, parts, { running, seconds: idleWarmUpSeconds }))];
    rounds.set(name, [await measureOnce(scenario, await targetOf(name, parts, running), { parts, faults })]);
    await running.process.stop();
    problems.push(...faults.map((fault) => `${name}, ${scenario.name}: ${fault}`));
  }
  return toFigures(scenario, rounds, parts);
}

const warmUpScenario: Scenario = {
  name: "warm-up",
  kind: "json",
  contestants: [],
  plan: { mode: "closed", connections: 50 },
};
/** What is asked of is a server that has run for a while: V8 still compiles and recompiles after ten seconds of this load. */
const steadyWarmUpSeconds = 30;
/** Where only memory is asked for, it is enough that all code has run. */
const idleWarmUpSeconds = 5;

/** Lets a fresh process compile its hot paths. @returns what went wrong */
async function warmUp(
  name: ContestantName,
  parts: MeasureParts,
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

interface OnceParts {
  readonly parts: MeasureParts;
  readonly faults: string[];
}

/** Undefined, with a fault told, when the load could not be run at all or nothing was answered. */
async function measureOnce(
  scenario: Scenario,
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
  { contestants, upstream }: MeasureParts,
  running: RunningContestant | undefined,
): Promise<LoadTarget> {
  const { port, process } = running ?? upstream;
  const own = contestants.find((one) => one.name === name)?.headers(upstream.port) ?? [];
  return { name, port, headers: [`Authorization: Bearer ${benchKey}`, ...own], pids: await process.pids() };
}

function toFigures(
  { name, kind }: Scenario,
  rounds: ReadonlyMap<ContestantName, readonly (Metrics | undefined)[]>,
  parts: MeasureParts,
): readonly Figure[] {
  parts.say(`measured ${name}`);
  return [...rounds].map(([contestant, own]) => ({ scenario: name, kind, contestant, rounds: own }));
}
