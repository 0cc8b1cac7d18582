import { ask, type AskParts, startContestant, steadyWarmUpSeconds, warmUp } from "./ask.ts";
import type { RunningContestant } from "./contestants/contestant.ts";
import type { Figure, Metrics } from "./figures.ts";
import { type Missing, toReason } from "./missing.ts";
import {
  type ContestantName,
  type GatewayName,
  isPeer,
  isPeerRound,
  type LoadScenario,
  type PeerName,
  type Scenario,
} from "./scenarios.ts";
import { measureStarts } from "./starts.ts";

export interface MeasureParts extends AskParts {
  readonly rounds: number;
  readonly starts: number;
  say(line: string): void;
}

export interface Measured {
  readonly figures: readonly Figure[];
  /** What went wrong, each naming contestant, scenario and round. */
  readonly problems: readonly string[];
  /** Peers that are installed and yet did not start. */
  readonly missing: Missing;
}

/** What comes together while scenarios run. */
interface Findings {
  readonly figures: Figure[];
  readonly problems: string[];
  readonly missing: Partial<Record<PeerName, string>>;
}

/** Runs every scenario. What stays open between rounds is started once; idle streams get a fresh process each time. */
export async function measureAll(scenarios: readonly Scenario[], parts: MeasureParts): Promise<Measured> {
  const findings: Findings = { figures: [], problems: [], missing: {} };
  const loads = scenarios.filter((scenario) => scenario.kind !== "start");
  for (const { name, kind } of scenarios.filter((scenario) => scenario.kind === "start")) {
    const rounds = await measureStarts(parts);
    parts.say(`measured ${name}`);
    findings.figures.push({ scenario: name, kind, contestant: "llm-platform", rounds });
  }
  const steady = loads.filter(({ kind }) => kind !== "idle");
  const started = await startAll(steady, parts, findings);
  for (const scenario of steady) await measureInterleaved(scenario, { parts, started, findings });
  await Promise.all([...started.values()].map(({ process }) => process.stop()));
  for (const scenario of loads.filter(({ kind }) => kind === "idle")) {
    await measureIdle(scenario, parts, findings);
  }
  return findings;
}

type Started = ReadonlyMap<ContestantName, RunningContestant>;

async function startAll(
  scenarios: readonly LoadScenario[],
  parts: MeasureParts,
  findings: Findings,
): Promise<Started> {
  const started = new Map<ContestantName, RunningContestant>();
  const wanted = new Set(scenarios.flatMap((scenario) => gatewaysOf(scenario, parts)));
  for (const name of wanted) {
    const running = await startUnlessMissing(name, parts, findings);
    if (running === undefined) continue;
    started.set(name, running);
    const { warmUpSeconds: seconds = steadyWarmUpSeconds } =
      parts.contestants.find((one) => one.name === name) ?? {};
    await warmUp(name, parts, { running, seconds });
    if (isPeer(name)) await running.process.pause();
  }
  return started;
}

/** Those of a scenario that are in the line-up. */
function gatewaysOf({ contestants }: LoadScenario, parts: MeasureParts): readonly GatewayName[] {
  const present = new Set<ContestantName>(parts.contestants.map(({ name }) => name));
  return contestants.filter((name) => name !== "direct").filter((name) => present.has(name));
}

/** @throws Error when one does not start without which there is no run */
async function startUnlessMissing(
  name: GatewayName,
  parts: MeasureParts,
  { missing }: Findings,
): Promise<RunningContestant | undefined> {
  try {
    return await startContestant(name, parts);
  } catch (thrown) {
    if (!isPeer(name)) throw thrown;
    missing[name] = toReason(thrown);
    parts.say(`${name} is missing: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return undefined;
  }
}

interface InterleavedParts {
  readonly parts: MeasureParts;
  readonly started: Started;
  readonly findings: Findings;
}

/** A B C, A B C, …: what slows the machine for a while slows all alike. Round 0 warms up and is thrown away. */
async function measureInterleaved(
  scenario: LoadScenario,
  { parts, started, findings }: InterleavedParts,
): Promise<void> {
  const names = scenario.contestants.filter((name) => name === "direct" || started.has(name));
  const rounds = new Map<ContestantName, (Metrics | undefined)[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= parts.rounds; round++) {
    for (const name of names) {
      const isAsked = !isPeer(name) || isPeerRound(round, parts.rounds);
      const faults: string[] = [];
      const metrics = isAsked
        ? await ask(scenario, { name, running: started.get(name), parts, faults })
        : undefined;
      if (round === 0) continue;
      rounds.get(name)?.push(metrics);
      findings.problems.push(...faults.map((fault) => `${name}, ${scenario.name}, round ${round}: ${fault}`));
    }
  }
  addFigures(scenario, rounds, { parts, findings });
}

/** Where only memory is asked for, it is enough that all code has run. */
const idleWarmUpSeconds = 5;

async function measureIdle(scenario: LoadScenario, parts: MeasureParts, findings: Findings): Promise<void> {
  const rounds = new Map<ContestantName, (Metrics | undefined)[]>();
  for (const name of gatewaysOf(scenario, parts)) {
    const running = await startUnlessMissing(name, parts, findings);
    if (running === undefined) continue;
    // Code that was never run yet would count as memory of the streams.
    const faults: string[] = [...(await warmUp(name, parts, { running, seconds: idleWarmUpSeconds }))];
    rounds.set(name, [await ask(scenario, { name, running, parts, faults })]);
    await running.process.stop();
    findings.problems.push(...faults.map((fault) => `${name}, ${scenario.name}: ${fault}`));
  }
  addFigures(scenario, rounds, { parts, findings });
}

function addFigures(
  { name, kind }: LoadScenario,
  rounds: ReadonlyMap<ContestantName, readonly (Metrics | undefined)[]>,
  { parts, findings }: { readonly parts: MeasureParts; readonly findings: Findings },
): void {
  parts.say(`measured ${name}`);
  for (const [contestant, own] of rounds)
    findings.figures.push({ scenario: name, kind, contestant, rounds: own });
}
