import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseBudget } from "./budget.ts";
import { readConditions } from "./conditions.ts";
import type { Contestant } from "./contestants/contestant.ts";
import { lineUp, makers } from "./contestants/line-up.ts";
import { createLoadGenerator } from "./load.ts";
import { measureAll, type Measured } from "./measure.ts";
import { buildFolder, buildNative, type NativePrograms } from "./native.ts";
import { type BenchOptions, readOptions, usage } from "./options.ts";
import { createProcesses } from "./processes.ts";
import { computeRatios } from "./ratios.ts";
import { writeResults } from "./report.ts";
import { repositoryRoot } from "./repository.ts";
import { eventDelayMs, streamEvents } from "./scenarios.ts";
import { startUpstream } from "./upstream.ts";

const benchFolder = fileURLToPath(new URL("./", import.meta.url));

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes("--help")) {
    say(usage.trimEnd());
    return;
  }
  const options = readOptions(argv);
  requireMachine();
  const measuredAt = new Date();
  if (!options.isBuilt) buildServer();
  const programs = await buildNative();
  const wanted = new Set(options.scenarios.flatMap(({ contestants }) => contestants));
  const { contestants, missing } = await lineUp({ makers, wanted, say });
  const conditions = await readConditions(measuredAt, options, contestants);
  const { figures, problems, missing: notStarted } = await measure({ options, programs, contestants });
  const budget = parseBudget(readFileSync(join(benchFolder, "budget.json"), "utf8"));
  const results = {
    conditions,
    missing: { ...missing, ...notStarted },
    problems,
    ratios: computeRatios(figures),
    figures,
  };
  const folder = options.isWhole ? benchFolder : buildFolder;
  const readable = await writeResults(folder, results, budget);
  say(readFileSync(readable, "utf8"));
  say(`written to ${readable}, ${Math.round((Date.now() - measuredAt.getTime()) / 1_000)} s`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

interface MeasureInput {
  readonly options: BenchOptions;
  readonly programs: NativePrograms;
  readonly contestants: readonly Contestant[];
}

/** Owns every process and the folder of their files: both are gone when it ends, by an interrupt as well. */
async function measure({ options, programs, contestants }: MeasureInput): Promise<Measured> {
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-bench-"));
  const cleanUp = async () => {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  };
  const interrupt = () => void cleanUp().finally(() => process.exit(interruptedExitCode));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const upstream = await startUpstream(processes, {
      program: programs.upstream,
      folder,
      flags: ["--events", streamEvents, "--event-delay-us", eventDelayMs * 1_000],
    });
    return await measureAll(options.scenarios, {
      processes,
      load: createLoadGenerator(processes, programs.load),
      contestants,
      upstream,
      folder,
      rounds: options.rounds,
      starts: options.starts,
      times: options,
      say,
    });
  } finally {
    process.removeListener("SIGINT", interrupt).removeListener("SIGTERM", interrupt);
    await cleanUp();
  }
}

const interruptedExitCode = 130;

/** @throws Error that says what is missing */
function requireMachine(): void {
  if (platform() !== "linux") throw new Error("the benchmark reads /proc and uses epoll: it needs Linux");
  if (cpus().length < 2)
    throw new Error("the benchmark needs two cores: one for gateways, one for upstream and load");
  if (spawnSync("taskset", ["--version"]).error !== undefined)
    throw new Error("the benchmark needs taskset: install util-linux");
}

/** What is measured is the code as it stands, not the last build. */
function buildServer(): void {
  if (!existsSync(join(repositoryRoot, "node_modules")))
    throw new Error("the workspace is not installed: run `npm ci` first");
  const { status } = spawnSync(process.execPath, ["tools/build.ts"], {
    cwd: repositoryRoot,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("the build failed; with --skip-build the last one is measured");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`bench: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
