import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readMachine } from "./conditions.ts";
import { benchKey, type RunningContestant } from "./contestants/contestant.ts";
import { findFaults, median } from "./figures.ts";
import { keepFurther } from "./further.ts";
import { createLoadGenerator, type LoadGenerator } from "./load.ts";
import { buildNative } from "./native.ts";
import { createProcesses, type Processes } from "./processes.ts";
import { rewriteReport } from "./report.ts";
import { benchAuth, integrationsBefore, type ServerConfig, startServer } from "./server.ts";
import { startUpstream } from "./upstream.ts";

const usage = `node bench/safeguards.ts [options]
  --rounds N     rounds that count (default 12)
  --seconds N    length of one measurement (default 1.5)
  --keys N       keys in the store of the third server (default 1000000)
Asks the built server for the same load with everything around a call turned off, with it on, and with many keys in the
store, and writes what a call costs into results.md.
`;

const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const warmUpSeconds = 20;
const plan = { mode: "closed", connections: 50, bodyBytes: 1_000 } as const;
const much = 1_000_000_000;

type Name = "off" | "on" | "many keys";

interface Server extends RunningContestant {
  readonly name: Name;
  /** What its callers send. */
  readonly headers: readonly string[];
}

interface Place {
  readonly processes: Processes;
  readonly folder: string;
  readonly upstreamPort: number;
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: "string", default: "12" },
      seconds: { type: "string", default: "1.5" },
      keys: { type: "string", default: "1000000" },
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
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-safeguards-"));
  try {
    const { port: upstreamPort } = await startUpstream(processes, { program: programs.upstream, folder });
    const place = { processes, folder, upstreamPort };
    const keys = Number(values.keys);
    const servers = [await startOff(place), await startOn(place, 0), await startOn(place, keys)];
    const load = createLoadGenerator(processes, programs.load);
    for (const server of servers) await ask(load, server, warmUpSeconds);
    const rounds: ReadonlyMap<Name, number>[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const costs = new Map<Name, number>();
      for (const server of servers) costs.set(server.name, await ask(load, server, Number(values.seconds)));
      rounds.push(costs);
    }
    await keepFurther(benchFolder, "safeguards", {
      title: "What is around a call: key check, limits, budget, ledger and audit",
      note: `\`node bench/safeguards.ts\`: JSON of 1 KB, ${plan.connections} connections, ${values.rounds} interleaved rounds of ${values.seconds} s. Off: no key, no limit, no budget, no ledger. On: a key of the store with limits of requests and tokens for itself and for everybody, two budgets with prices for the model, the ledger with its sums and seals, the audit log. Wanted: on at most 1.25 times off, ${keys.toLocaleString("en-US")} keys in the store less than 5 % more.`,
      conditions,
      columns: ["around the call", "CPU µs per request", "to off", "to on"],
      rows: servers.map(({ name }) => [
        name === "many keys" ? `on, ${keys.toLocaleString("en-US")} keys in the store` : name,
        costOf(rounds, name, undefined),
        costOf(rounds, name, "off"),
        costOf(rounds, name, "on"),
      ]),
    });
    process.stdout.write(`written to ${await rewriteReport(benchFolder)}\n`);
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The median over the rounds; of a ratio, computed round by round. */
function costOf(rounds: readonly ReadonlyMap<Name, number>[], name: Name, to: Name | undefined): string {
  const of = (round: ReadonlyMap<Name, number>, each: Name) => round.get(each) ?? Number.NaN;
  const values = rounds.map((round) => of(round, name) / (to === undefined ? 1 : of(round, to)));
  return (median(values) ?? Number.NaN).toFixed(to === undefined ? 1 : 3);
}

/** CPU of a request in microseconds. */
async function ask(load: LoadGenerator, server: Server, seconds: number): Promise<number> {
  const { name, port, headers } = server;
  const target = { name, port, headers, pids: await server.process.pids() };
  const told = await load.run(plan, target, { seconds, warmupSeconds: 0.3 });
  const faults = findFaults("json", told);
  if (faults.length > 0) throw new Error(`${name}: ${faults.join(", ")}`);
  return (told["cpuMicros"] ?? Number.NaN) / (told["requests"] ?? Number.NaN);
}

/** Callers of this machine need no key where there is none. */
function startOff(place: Place): Promise<Server> {
  return start(place, "off", { ledger: { enabled: false } });
}

async function startOn(place: Place, keys: number): Promise<Server> {
  const limits = { requests_per_minute: much, tokens_per_minute: much };
  const config = {
    environment: "production",
    auth: benchAuth,
    limits: { default_key: limits, global: limits },
    prices: [{ model: "*", input_per_million: 1, output_per_million: 2 }],
  };
  const name = keys === 0 ? "on" : "many keys";
  const first = await start(place, name, config);
  if (keys > 0) fillKeys(join(place.folder, name, "data", "platform.db"), keys);
  const call = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`http://127.0.0.1:${first.port}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${benchKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return JSON.parse(await response.text());
  };
  const made = await call("/api/v1/keys", { name: "caller", role: "developer" });
  for (const scope of ["global", "integration"])
    await call("/api/v1/budgets", {
      name: scope,
      scope,
      ...(scope === "global" ? {} : { subject: "mock" }),
      period: "month",
      amount_micros: much * 1_000,
      currency: "USD",
    });
  return { ...first, headers: [`Authorization: Bearer ${String(made["key"])}`] };
}

async function start(
  { processes, folder, upstreamPort }: Place,
  name: Name,
  given: ServerConfig,
): Promise<Server> {
  const config = {
    ...given,
    server: { host: "127.0.0.1", max_connections: 20_000, max_connections_per_address: 20_000 },
    grpc: { port: 0 },
    integrations: integrationsBefore(upstreamPort, { max_connections: 20_000 }),
  };
  const started = await startServer({ processes, folder: join(folder, name), config, name });
  return { name, ...started, headers: [] };
}

/** Keys of nobody, as the server itself would have made them. */
function fillKeys(path: string, keys: number): void {
  const raw = new DatabaseSync(path, { timeout: 10_000 });
  const insert = raw.prepare(
    "INSERT INTO api_keys (id, name, scopes, prefix, sha256, created_at_ms, created_by) VALUES (?, ?, '[\"inference.call\"]', 'llmp_bench', ?, ?, 'bench')",
  );
  for (let from = 0; from < keys; from += 10_000) {
    raw.exec("BEGIN");
    for (let at = from; at < Math.min(keys, from + 10_000); at++) {
      const hash = createHash("sha256").update(`key ${at}`).digest("hex");
      insert.run(`key_${randomUUID()}`, `key ${at}`, hash, Date.now());
    }
    raw.exec("COMMIT");
  }
  raw.close();
}

await main(process.argv.slice(2));
