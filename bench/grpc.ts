import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readMachine } from "./conditions.ts";
import { benchKey, benchModel, type RunningContestant } from "./contestants/contestant.ts";
import { createLlmPlatform } from "./contestants/llm-platform.ts";
import { readCpuMs, waitUntilQuiet } from "./cpu.ts";
import { findFaults, median } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { keepFurther } from "./further.ts";
import { createLoadGenerator, type LoadGenerator, loadCore } from "./load.ts";
import { buildNative } from "./native.ts";
import { createProcesses, type Processes } from "./processes.ts";
import { rewriteReport } from "./report.ts";
import { startUpstream } from "./upstream.ts";

const usage = `node bench/grpc.ts [options]
  --rounds N     rounds that count (default 12)
  --seconds N    length of one measurement (default 2)
  --warm-up N    seconds of load before the first round (default 20)
Asks one server for the same chat over HTTP and over gRPC, in turns, and writes what a call costs into results.md.
`;

const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const loadProgram = fileURLToPath(new URL("grpc-load.ts", import.meta.url));
const bodyBytes = 1_000;
/** As many calls at once on both ways; over gRPC they share a few connections, as clients do. */
const plan = { mode: "closed", connections: 50, bodyBytes } as const;
const grpcConnections = 5;

interface Parts {
  readonly processes: Processes;
  readonly load: LoadGenerator;
  readonly server: RunningContestant;
  readonly grpcPort: number;
}

interface Round {
  readonly http: number;
  readonly grpc: number;
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "12" },
      seconds: { type: "string", default: "2" },
      "warm-up": { type: "string", default: "20" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const conditions = await readMachine(new Date());
  const programs = await buildNative();
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-grpc-"));
  try {
    const upstream = await startUpstream(processes, { program: programs.upstream, folder });
    const grpcPort = await findFreePort();
    const platform = createLlmPlatform({ version: "", grpcPort });
    const server = await platform.start({ processes, folder, upstreamPort: upstream.port });
    const parts = { processes, load: createLoadGenerator(processes, programs.load), server, grpcPort };
    const warmUpSeconds = Number(values["warm-up"]);
    await askHttp(parts, warmUpSeconds);
    await askGrpc(parts, warmUpSeconds);
    const rounds: Round[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const http = await askHttp(parts, Number(values.seconds));
      rounds.push({ http, grpc: await askGrpc(parts, Number(values.seconds)) });
    }
    await keepFurther(benchFolder, "grpc", {
      title: "A chat over gRPC",
      note: `\`node bench/grpc.ts\`: a chat of 1 KB that is answered whole, ${plan.connections} at once, over as many connections by HTTP and over ${grpcConnections} by gRPC, ${values.rounds} interleaved rounds of ${values.seconds} s. CPU of the server. Wanted: over gRPC at most 1.5 times over HTTP.`,
      conditions,
      columns: ["way", "CPU µs per call", "to HTTP"],
      rows: [
        [
          "HTTP",
          shown(
            rounds.map(({ http }) => http),
            1,
          ),
          "1.000",
        ],
        [
          "gRPC",
          shown(
            rounds.map(({ grpc }) => grpc),
            1,
          ),
          shown(
            rounds.map(({ http, grpc }) => grpc / http),
            3,
          ),
        ],
      ],
    });
    process.stdout.write(`written to ${await rewriteReport(benchFolder)}\n`);
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function shown(values: readonly number[], digits: number): string {
  return (median(values) ?? Number.NaN).toFixed(digits);
}

/** CPU of a call in microseconds. */
async function askHttp({ load, server }: Parts, seconds: number): Promise<number> {
  const headers = [`Authorization: Bearer ${benchKey}`];
  const target = { name: "HTTP", port: server.port, headers, pids: await server.process.pids() };
  const told = await load.run(plan, target, { seconds, warmupSeconds: 0.3 });
  const faults = findFaults("json", told);
  if (faults.length > 0) throw new Error(`over HTTP: ${faults.join(", ")}`);
  return (told["cpuMicros"] ?? Number.NaN) / (told["requests"] ?? Number.NaN);
}

async function askGrpc({ processes, server, grpcPort }: Parts, seconds: number): Promise<number> {
  const flags = {
    port: grpcPort,
    key: benchKey,
    model: benchModel,
    connections: grpcConnections,
    calls: plan.connections / grpcConnections,
    seconds,
    "body-bytes": bodyBytes,
  };
  await waitUntilQuiet(server.process);
  const pids = await server.process.pids();
  const beforeMs = await readCpuMs(pids);
  const output = await processes.run({
    name: "the load over gRPC",
    cores: [loadCore],
    command: [
      process.execPath,
      loadProgram,
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
  });
  const cpuMs = (await readCpuMs(pids)) - beforeMs;
  const told: { readonly requests: number; readonly failures: number } = JSON.parse(output);
  if (told.failures > 0 || told.requests === 0)
    throw new Error(`over gRPC: ${told.failures} of ${told.requests + told.failures} calls failed`);
  return (cpuMs * 1_000) / told.requests;
}

await main(process.argv.slice(2));
