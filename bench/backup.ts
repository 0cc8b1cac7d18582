import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { benchKey, benchModel } from "./contestants/contestant.ts";
import { findFaults, median } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { createLoadGenerator, loadCore, type LoadTarget, type Measurement } from "./load.ts";
import { buildNative } from "./native.ts";
import { createProcesses, type Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";
import { serverMain, startFlags } from "./repository.ts";
import { streamEvents } from "./scenarios.ts";

const usage = `node bench/backup.ts [options]
  --megabytes N  size of the database (default 200)
  --rate N       calls a second (default 300)
  --rounds N     rounds that count (default 6)
  --seconds N    length of one measurement (default 6)
Asks the built server at a fixed rate, with nothing else to do and while one backup after the other is made, in turns.
`;

const rowsPerMegabyte = 5_400;
const loads = ["quiet", "backup"] as const;

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      megabytes: { type: "string", default: "200" },
      rate: { type: "string", default: "300" },
      rounds: { type: "string", default: "6" },
      seconds: { type: "string", default: "6" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const programs = await buildNative();
  const processes = createProcesses();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-backup-bench-"));
  try {
    const upstreamPort = await startUpstream(processes, programs.upstream, folder);
    const target = await startServer(processes, folder, upstreamPort);
    growLedger(join(folder, "data", "platform.db"), Number(values.megabytes));
    const load = createLoadGenerator(processes, programs.load);
    const plan = { mode: "open", connections: 50, rate: Number(values.rate) } as const;
    const ask = async (seconds: number) => {
      const told = await load.run(plan, target, { seconds, warmupSeconds: 0.3 });
      const faults = findFaults("rate", told);
      if (faults.length > 0) throw new Error(faults.join(", "));
      return told;
    };
    await ask(10);
    const tookMs: number[] = [];
    const measured = { quiet: [] as Measurement[], backup: [] as Measurement[] };
    for (let round = 0; round < Number(values.rounds); round++) {
      measured.quiet.push(await ask(Number(values.seconds)));
      const backups = repeatBackups(target.port);
      measured.backup.push(await ask(Number(values.seconds)));
      tookMs.push(...(await backups.stop()));
    }
    const megabytes = statSync(join(folder, "data", "platform.db")).size / 1_000_000;
    process.stdout.write(report(measured, { megabytes, tookMs }));
  } finally {
    await processes.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startUpstream(processes: Processes, program: string, folder: string): Promise<number> {
  const port = await findFreePort();
  const command = [program, "--port", String(port), "--events", String(streamEvents)];
  const logFile = join(folder, "upstream.log");
  const started = processes.start({ name: "the upstream", cores: [loadCore], command, logFile });
  await waitUntil(started, () => isOk(`http://127.0.0.1:${port}/v1/models`, { mustContain: benchModel }));
  return port;
}

async function startServer(processes: Processes, folder: string, upstreamPort: number): Promise<LoadTarget> {
  const port = await findFreePort();
  const configFile = join(folder, "llm-platform.yaml");
  const integrations = [
    {
      name: "mock",
      use: "openai-compatible",
      settings: { base_url: `http://127.0.0.1:${upstreamPort}/v1` },
    },
    { name: "local", enabled: false },
    { name: "ollama", enabled: false },
  ];
  // JSON is YAML.
  const config = {
    data_dir: join(folder, "data"),
    server: { port },
    auth: { api_keys: [{ name: "bench", key: benchKey, role: "admin" }] },
    integrations,
  };
  await writeFile(configFile, JSON.stringify(config));
  const running = processes.start({
    name: "llm-platform",
    cores: [0, 1],
    command: [process.execPath, ...startFlags(), serverMain, "--config", configFile],
    logFile: join(folder, "llm-platform.log"),
  });
  const url = `http://127.0.0.1:${port}/v1/models`;
  await waitUntil(running, () => isOk(url, { key: benchKey, mustContain: benchModel }));
  return {
    name: "llm-platform",
    port,
    headers: [`Authorization: Bearer ${benchKey}`],
    pids: await running.pids(),
  };
}

function growLedger(path: string, megabytes: number): void {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec(
    `WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${megabytes * rowsPerMegabyte})
     INSERT INTO usage_ledger (attempt_id, started_at_ms, principal, operation, requested_model, integration, provider, upstream_model, stream, duration_ms, outcome, usage_source)
     SELECT 'req_' || hex(randomblob(12)) || '.1', 1700000000000 + i, 'bench', 'chat', 'some-model', 'mock', 'mock', 'some-model', 1, 10, 'stop', 'reported' FROM n;
     PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  database.close();
}

/** One backup after the other, each given away as it comes. The result ends that, and tells how long each took. */
function repeatBackups(port: number): { stop(): Promise<readonly number[]> } {
  const state = { isOver: false };
  const headers = { authorization: `Bearer ${benchKey}`, accept: "application/x-tar" };
  const running = (async () => {
    const tookMs: number[] = [];
    while (!state.isOver) {
      const startedAtMs = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/backups`, { method: "POST", headers });
      // The one before may have been read to its end a moment before the server is through with it.
      if (response.status === 409) continue;
      if (response.status !== 200 || response.body === null)
        throw new Error(`a backup was answered with ${response.status}`);
      for await (const _bytes of response.body) continue;
      tookMs.push(performance.now() - startedAtMs);
    }
    return tookMs;
  })();
  return {
    stop: () => {
      state.isOver = true;
      return running;
    },
  };
}

function report(
  measured: Readonly<Record<(typeof loads)[number], readonly Measurement[]>>,
  { megabytes, tookMs }: { readonly megabytes: number; readonly tookMs: readonly number[] },
): string {
  const lines = loads.map((load) => {
    const of = (name: string) =>
      ((median(measured[load].map((each) => each[name] ?? Number.NaN)) ?? Number.NaN) / 1_000).toFixed(2);
    return `| ${load} | ${of("latencyP50Micros")} | ${of("latencyP99Micros")} |\n`;
  });
  const seconds = ((median(tookMs) ?? Number.NaN) / 1_000).toFixed(1);
  const facts = `${tookMs.length} backups of ${megabytes.toFixed(0)} MB, ${seconds} s each\n\n`;
  return `${facts}| while | p50 ms | p99 ms |\n|---|---|---|\n${lines.join("")}`;
}

await main(process.argv.slice(2));
