import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Budget, formatLimit, isWithin, type Limit, parseBudget } from "./budget.ts";
import { git } from "./repository.ts";
import { type CheckedResults, parseResults } from "./results.ts";

const budgetFile = fileURLToPath(new URL("budget.json", import.meta.url));
const resultsFile = fileURLToPath(new URL("results.json", import.meta.url));
const budgetPath = "bench/budget.json";

/** A budget as a commit has it. */
export interface CommittedBudget {
  readonly commit: string;
  readonly budget: Budget;
}

/** What the results exceed, one sentence each. A ratio that was not measured is not kept to. */
export function findExcesses(budget: Budget, { problems, ratios }: CheckedResults): readonly string[] {
  const excesses = problems.map((problem) => `the run had a problem: ${problem}`);
  for (const [name, limit] of budget) {
    const value = ratios.get(name);
    if (value === undefined) excesses.push(`${name} was not measured; the budget is ${formatLimit(limit)}`);
    else if (!isWithin(limit, value))
      excesses.push(`${name} is ${formatNumber(value)}; the budget is ${formatLimit(limit)}`);
  }
  return excesses;
}

/** Where the budget allows more than one that was committed: a limit that was raised, turned round or dropped. */
export function findLaxerLimits(budget: Budget, history: readonly CommittedBudget[]): readonly string[] {
  const laxer = new Map<string, string>();
  for (const { commit, budget: committed } of history) {
    for (const [name, before] of committed) {
      const now = budget.get(name);
      if (now !== undefined && isAsStrict(now, before)) continue;
      const found = now === undefined ? "is gone" : `is ${formatLimit(now)}`;
      laxer.set(
        name,
        `${name} ${found}; commit ${commit} had ${formatLimit(before)}, and the budget may only shrink`,
      );
    }
  }
  return [...laxer.values()];
}

function isAsStrict(now: Limit, before: Limit): boolean {
  if ("at_most" in now) return "at_most" in before && now.at_most <= before.at_most;
  return "at_least" in before && now.at_least >= before.at_least;
}

function formatNumber(value: number): string {
  return value >= 1_000 ? value.toFixed(0) : value.toFixed(2);
}

/** Every committed version of the budget; undefined where there is no history to compare with. */
function readHistory(): readonly CommittedBudget[] | undefined {
  const commits = git("log", "--format=%h", "--", budgetPath);
  if (commits === undefined) return undefined;
  return commits
    .split("\n")
    .filter((commit) => commit !== "")
    .flatMap((commit) => {
      const text = git("show", `${commit}:${budgetPath}`);
      // The commit that deleted the file has no version of it.
      return text === undefined ? [] : [{ commit, budget: parseBudget(text) }];
    });
}

/** @param argv another file of results, instead of the one beside this */
function main(argv: readonly string[]): void {
  const results = argv[0] ?? resultsFile;
  if (!existsSync(results)) throw new Error(`${results} is missing: run \`npm run bench\` first`);
  const budget = parseBudget(readFileSync(budgetFile, "utf8"));
  const history = readHistory();
  if (history === undefined)
    process.stderr.write("no git history here: whether the budget grew was not checked\n");
  const failures = [
    ...findExcesses(budget, parseResults(readFileSync(results, "utf8"))),
    ...findLaxerLimits(budget, history ?? []),
  ];
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  if (failures.length === 0) process.stdout.write(`all ${budget.size} ratios are within the budget\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    main(process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
  }
}
