import { cpus, release } from "node:os";
import type { Contestant } from "./contestants/contestant.ts";
import type { BenchOptions } from "./options.ts";
import { git } from "./repository.ts";

/** Under what the figures were measured, as label and text; figures of two sets of conditions are not comparable. */
export type Conditions = Readonly<Record<string, string>>;

/** @param measuredAt taken at the start of the run */
export function readConditions(measuredAt: Date, options: BenchOptions, contestants: readonly Contestant[]): Conditions {
  const processors = cpus();
  const versions = contestants.map(({ name, version }) => [name, version] as const);
  return {
    date: measuredAt.toISOString().slice(0, 10),
    commit: readCommit(),
    cpu: `${processors[0]?.model.trim() ?? "unknown"}, ${processors.length} cores`,
    kernel: release(),
    node: process.versions.node,
    ...Object.fromEntries(versions.filter(([name]) => name !== "llm-platform")),
    rounds: `${options.rounds} of ${options.seconds} s, after one that is thrown away; idle streams once`,
  };
}

/** The commit, and whether the measured files differ from it. */
function readCommit(): string {
  const commit = git("rev-parse", "--short=12", "HEAD");
  if (commit === undefined) return "unknown";
  const changes = git("status", "--porcelain", "--", "packages") ?? "";
  return changes === "" ? commit : `${commit}, with uncommitted changes`;
}
