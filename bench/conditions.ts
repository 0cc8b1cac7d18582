import { cpus, release } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Contestant } from "./contestants/contestant.ts";
import type { BenchOptions } from "./options.ts";
import { git } from "./repository.ts";
import { isPeerRound } from "./scenarios.ts";

/** Under what the figures were measured, as label and text; figures of two sets of conditions are not comparable. */
export type Conditions = Readonly<Record<string, string>>;

/**
 * Watches the machine for a second, so it must be called before anything of the run is started.
 * @param measuredAt the start of the run
 */
export async function readConditions(
  measuredAt: Date,
  options: BenchOptions,
  contestants: readonly Contestant[],
): Promise<Conditions> {
  const versions = contestants.map(({ name, version }) => [name, version] as const);
  const { "other work": otherWork = "", ...machine } = await readMachine(measuredAt);
  return {
    ...machine,
    ...Object.fromEntries(versions.filter(([name]) => name !== "llm-platform")),
    "other work": otherWork,
    rounds: `${options.rounds} of ${options.seconds} s, after one that is thrown away; peers in ${countPeerRounds(options)} of them; idle streams once`,
  };
}

/** What holds for every measurement on this machine. Watches it for a second, as `readConditions` does. */
export async function readMachine(measuredAt: Date): Promise<Conditions> {
  const processors = cpus();
  return {
    date: measuredAt.toISOString().slice(0, 10),
    commit: readCommit(),
    cpu: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} cores`,
    kernel: release(),
    node: process.versions.node,
    "other work": formatBusyShare(await readBusyShare()),
  };
}

function countPeerRounds({ rounds }: BenchOptions): number {
  return Array.from({ length: rounds }, (_, index) => index + 1).filter((round) => isPeerRound(round, rounds))
    .length;
}

/** The commit, and whether the measured files differ from it. */
function readCommit(): string {
  const commit = git("rev-parse", "--short=12", "HEAD");
  if (commit === undefined) return "unknown";
  const changes = git("status", "--porcelain", "--", "packages") ?? "";
  return changes === "" ? commit : `${commit}, with uncommitted changes`;
}

/** How much of the machine is in use: on a machine that others use, the figures are too high and the rounds differ. */
async function readBusyShare(): Promise<number> {
  const before = sumTimes();
  await wait(watchMs);
  const after = sumTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

const watchMs = 1_000;
const quietShare = 0.1;

function formatBusyShare(share: number): string {
  const text = `${Math.round(share * 100)} % of all cores in the second before the run`;
  return share <= quietShare ? text : `${text}: **too much to trust these figures**`;
}

function sumTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((one) => Object.values(one))) };
}
