import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchKey, type RunningContestant } from "./contestants/contestant.ts";
import { createLlmPlatform } from "./contestants/llm-platform.ts";
import { findFaults, median, type Metrics, toMetrics } from "./figures.ts";
import { createLoadGenerator, type LoadGenerator } from "./load.ts";
import { buildNative } from "./native.ts";
import { createProcesses, type Processes } from "./processes.ts";
import { streamEvents } from "./scenarios.ts";
import { startUpstream } from "./upstream.ts";

const usage = `node bench/workers.ts [options]
  --rounds N     rounds that count (default 8)
  --seconds N    length of one measurement (default 2)
  --cores LIST   where the server may run (default 0,1; with more cores: as 2,3)
Asks the built server for the same load without workers, with one, and with two, and prints what a call costs.
Upstream and load run on core 1: where the server shares it with them, look at the CPU of a call, not at the calls.
`;

/** Servers by their number of workers. */
const sizes = [0, 1, 2] as const;
const warmUpSeconds = 20;
const plans = {
  "json-1k": { mode: "closed", connections: 100, bodyBytes: 1_000 },
  "sse-burst": { mode: "closed", connections: 100, model: "bench-burst", streamEvents },
} as const;

interface Parts {
  readonly load: LoadGenerator;
  readonly servers: ReadonlyMap<number, RunningContestant>;
  readonly seconds: number;
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "8" },
      seconds: { type: "string", default: "2" },
      cores: { type: "string", default: "0,1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const programs = await buildNative();
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-workers-"));
  try {
    const { port: upstreamPort } = await startUpstream(processes, {
      program: programs.upstream,
      folder,
      flags: ["--events", streamEvents],
    });
    const cores = values.cores.split(",").map(Number);
    const servers = await startServers(processes, { folder, upstreamPort, cores });
    const load = createLoadGenerator(processes, programs.load);
    await measure({ load, servers, seconds: Number(values.seconds) }, Number(values.rounds));
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServers(
  processes: Processes,
  place: { readonly folder: string; readonly upstreamPort: number; readonly cores: readonly number[] },
): Promise<ReadonlyMap<number, RunningContestant>> {
  const servers = new Map<number, RunningContestant>();
  for (const workers of sizes) {
    const folder = await mkdtemp(join(place.folder, `workers-${workers}-`));
    const contestant = createLlmPlatform({ version: "", cores: place.cores, workers });
    servers.set(workers, await contestant.start({ processes, folder, upstreamPort: place.upstreamPort }));
  }
  return servers;
}

/** Rounds are interleaved, and ratios are of one round: a machine's speed drifts by more than what is asked for. */
async function measure(parts: Parts, rounds: number): Promise<void> {
  for (const [name, plan] of Object.entries(plans)) {
    const measured = new Map<number, Metrics[]>(sizes.map((workers) => [workers, []]));
    for (const workers of sizes) await ask(parts, { workers, plan, seconds: warmUpSeconds });
    for (let round = 1; round <= rounds; round++)
      for (const workers of sizes)
        measured.get(workers)?.push(await ask(parts, { workers, plan, seconds: parts.seconds }));
    process.stdout.write(`\n${name}\n${report(measured)}`);
  }
}

interface Question {
  readonly workers: number;
  readonly plan: (typeof plans)[keyof typeof plans];
  readonly seconds: number;
}

/** @throws Error when an answer was wrong */
async function ask({ load, servers }: Parts, { workers, plan, seconds }: Question): Promise<Metrics> {
  const server = servers.get(workers);
  if (server === undefined) throw new Error(`there is no server with ${workers} workers`);
  const target = {
    name: `${workers} workers`,
    port: server.port,
    headers: [`Authorization: Bearer ${benchKey}`],
    pids: await server.process.pids(),
  };
  const told = await load.run(plan, target, { seconds, warmupSeconds: 0.3 });
  const faults = findFaults("json", told);
  if (faults.length > 0) throw new Error(`${target.name}: ${faults.join(", ")}`);
  return toMetrics("json", told);
}

function report(measured: ReadonlyMap<number, readonly Metrics[]>): string {
  const one = measured.get(1) ?? [];
  const lines = [...measured].map(([workers, rounds]) => {
    const of = (metric: string) => median(rounds.map((round) => round[metric] ?? Number.NaN))?.toFixed(1);
    const ratio = median(
      rounds.map(
        (round, at) => (round["cpuMicrosPerRequest"] ?? 0) / (one[at]?.["cpuMicrosPerRequest"] ?? 0),
      ),
    );
    return `| ${workers} | ${of("requestsPerSecond")} | ${of("cpuMicrosPerRequest")} | ${ratio?.toFixed(3)} | ${of("cpuShare")} |\n`;
  });
  return `| workers | requests/s | CPU µs/request, all processes | to one worker | cores used |\n|---|---|---|---|---|\n${lines.join("")}`;
}

await main(process.argv.slice(2));
