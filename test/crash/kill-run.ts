import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { createSeries } from "../random.ts";
import { createLedgerWatch, type LedgerCounts } from "./ledger-watch.ts";
import { type Observation, startLoad } from "./load.ts";
import { freePort, type ServerChild, startServerChild } from "./server-child.ts";

/** A series of kills. */
export type KillOptions = {
  readonly kills: number;
  /** Decides the moments of the kills and the calls; the machine's pace does the rest. */
  readonly seed: number;
  /** Calls at once. */
  readonly callers: number;
  /** The server's entry point, as built. */
  readonly entry: string;
  /** Workers that the server has, which are killed too; default 0. */
  readonly workers?: number;
  /** Told after every kill. */
  readonly onKill?: (done: number, violations: readonly string[]) => void;
};

/** What a series of kills came to. */
export type KillReport = LedgerCounts & {
  readonly kills: number;
  /** Of these, before the server took calls: in its start or in the recovery of what the one before left. */
  readonly killsInStart: number;
  /** Kills of single workers, beside those of the server. */
  readonly workerKills: number;
  readonly sent: number;
  /** Calls that reached the upstream. */
  readonly upstreamCalls: number;
  readonly seconds: number;
  /** Exit code of the last server, which was stopped in order. */
  readonly exitCode: number | null;
  /** Everything that must not be; empty when all is well. */
  readonly violations: readonly string[];
};

/** Out of a hundred kills this many hit a server that is still starting. */
const startKillShare = 0.2;
/** Out of a hundred workers this many are killed before their server is. */
const workerKillShare = 0.6;
const longestStartMs = 500;
const longestLifeMs = 400;
/** How long a server lives that is stopped in order. */
const orderlyLifeMs = 300;
const tokenDelayMs = 8;
const tokensPerReply = 12;

/**
 * Kills the server again and again under load, starts it on the same data folder, and compares the ledger with what
 * the clients saw. Rejects when a server does not start.
 */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-kills-"));
  const startedAtMs = performance.now();
  const random = createSeries(options.seed);
  const upstream = await createFakeUpstream({
    dialect: "openai",
    models: ["tiny-chat"],
    tokenDelayMs,
    chunks: tokensPerReply,
    keepRequests: 1,
  });
  const port = await freePort();
  const load = startLoad({ port, model: "tiny-chat", callers: options.callers, random });
  const workers = options.workers ?? 0;
  const configFile = await writeConfig(folder, { port, workers, origin: upstream.origin });
  const start = () =>
    startServerChild({
      entry: options.entry,
      configFile,
      env: {
        // A restart finds compiled code, and is quick.
        NODE_COMPILE_CACHE: join(folder, "compiled"),
        // Workers serve the fast lane alone.
        ...(workers > 0 ? { LLM_PLATFORM_SERVER__FAST_LANE: "true" } : {}),
      },
    });
  const watch = createLedgerWatch(join(folder, "data", "platform.db"));
  let killsInStart = 0;
  let workerKills = 0;
  let server = start();
  try {
    // Node keeps its compiled code when it ends in order, and never when it is killed.
    await server.ready;
    await makeBudget(port);
    await sleep(orderlyLifeMs);
    await server.stop();
    server = start();
    let unchecked: readonly Observation[] = [];
    for (let done = 1; done <= options.kills; done += 1) {
      const isInStart = done > 1 && random() < startKillShare;
      if (isInStart) await Promise.race([server.ready, sleep(random() * longestStartMs)]);
      else {
        await server.ready;
        watch.check(unchecked);
        load.setOpen(true);
        await sleep(random() * longestLifeMs);
        // Calls go on meanwhile: what their clients see is compared after the next life's recovery.
        for (const worker of workers > 0 ? chooseWorkers(server, random) : []) {
          process.kill(worker, "SIGKILL");
          workerKills += 1;
          await sleep(random() * longestLifeMs);
        }
      }
      load.setOpen(false);
      await server.kill();
      await settled();
      if (isInStart) killsInStart += 1;
      unchecked = isInStart ? [...unchecked, ...load.take()] : load.take();
      options.onKill?.(done, watch.violations);
      server = start();
    }
    await server.ready;
    watch.check(unchecked);
    load.setOpen(true);
    await sleep(orderlyLifeMs);
    await load.stop();
    const exitCode = await server.stop();
    if (exitCode !== 0) throw new Error(`the last server ended with ${exitCode}`);
    // Its last records were on their way from the spool into the ledger until it stopped.
    watch.check(load.take());
    watch.checkWhole(load.sent);
    return {
      ...watch.counts,
      kills: options.kills,
      killsInStart,
      workerKills,
      sent: load.sent,
      upstreamCalls: upstream.totalRequests,
      seconds: (performance.now() - startedAtMs) / 1_000,
      exitCode,
      violations: watch.violations,
    };
  } finally {
    await server.kill();
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One that counts every call and stops none: what is spent of it must be what the ledger says. */
async function makeBudget(port: number): Promise<void> {
  const budget = { name: "all", scope: "global", period: "total", amount_micros: 1, action: "warn" };
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/budgets`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(budget),
  });
  if (!response.ok) throw new Error(`no budget could be made: ${await response.text()}`);
}

/** From none to all of the workers. */
function chooseWorkers(server: ServerChild, random: () => number): readonly number[] {
  return server.workers.filter(() => random() < workerKillShare);
}

/** Lets the clients see that their connections broke: all of them were reset by the kill. */
function settled(): Promise<void> {
  return sleep(20);
}

async function writeConfig(
  folder: string,
  { port, workers, origin }: { readonly port: number; readonly workers: number; readonly origin: string },
): Promise<string> {
  const path = join(folder, "llm-platform.yaml");
  // JSON is YAML.
  const config = {
    data_dir: join(folder, "data"),
    server: { port, workers },
    integrations: [
      { name: "local", enabled: false },
      { name: "ollama", enabled: false },
      { name: "fake", use: "openai-compatible", settings: { base_url: `${origin}/v1` } },
    ],
    prices: [{ model: "*", input_per_million: 3, output_per_million: 15 }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}
