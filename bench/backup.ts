import { mkdtemp, rm } from "node:fs/promises";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { benchKey, gatewayCore } from "./contestants/contestant.ts";
import { findFaults, median } from "./figures.ts";
import { createLoadGenerator, loadCore, type Measurement } from "./load.ts";
import { buildNative } from "./native.ts";
import { createProcesses } from "./processes.ts";
import { streamEvents } from "./scenarios.ts";
import { benchAuth, integrationsBefore, startServer } from "./server.ts";
import { startUpstream } from "./upstream.ts";

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
    const flags = ["--events", streamEvents];
    const upstream = await startUpstream(processes, { program: programs.upstream, folder, flags });
    const config = { auth: benchAuth, integrations: integrationsBefore(upstream.port) };
    const cores = [gatewayCore, loadCore];
    const server = await startServer({ processes, folder, config, cores });
    const target = {
      name: "llm-platform",
      port: server.port,
      headers: [`Authorization: Bearer ${benchKey}`],
      pids: await server.process.pids(),
    };
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
