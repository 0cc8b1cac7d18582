import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gatewayCore } from "./contestants/contestant.ts";
import type { Metrics } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { loadCore } from "./load.ts";
import type { Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";
import { serverMain, startFlags } from "./repository.ts";

export interface StartParts {
  readonly processes: Processes;
  readonly folder: string;
  /** How often; one more comes first, makes the data folder, and does not count. */
  readonly starts: number;
}

/** Short against what is measured. */
const pollMs = 5;

/**
 * Starts this server again and again as `npm start` does where nothing is configured, with the models that come with it,
 * on both cores, and stops it when it is ready.
 * @throws Error when it does not start, or does not log that it has
 */
export async function measureStarts({ processes, folder, starts }: StartParts): Promise<readonly Metrics[]> {
  const own = await mkdtemp(join(folder, "start-"));
  const rounds: Metrics[] = [];
  for (let start = 0; start <= starts; start++) {
    const metrics = await startOnce(processes, own);
    if (start > 0) rounds.push(metrics);
  }
  return rounds;
}

async function startOnce(processes: Processes, folder: string): Promise<Metrics> {
  const port = await findFreePort();
  const logFile = join(folder, "llm-platform.log");
  const startedAtMs = performance.now();
  const running = processes.start({
    name: "llm-platform",
    cores: [gatewayCore, loadCore],
    command: [
      process.execPath,
      ...startFlags(),
      serverMain,
      "--port",
      String(port),
      "--data-dir",
      join(folder, "data"),
    ],
    logFile,
    cwd: folder,
  });
  await waitUntil(running, () => isOk(`http://127.0.0.1:${port}/readyz`, {}), { pollMs });
  const startToReadyMs = performance.now() - startedAtMs;
  // The last line of the start is written after the first answer that is yes; at its end all lines are there.
  await running.stop();
  const { tookMs } = readStarted(await readFile(logFile, "utf8"));
  return { startToReadyMs, platformTookMs: tookMs, beforePlatformMs: startToReadyMs - tookMs };
}

/**
 * What the server says of its start in its log.
 * @throws Error when it says nothing, or offers no model: such a start is not the one that is asked for
 */
export function readStarted(log: string): { readonly tookMs: number } {
  const line = log.split("\n").find((text) => text.includes('"platform.started"'));
  if (line === undefined) throw new Error(`the server did not log platform.started:\n${log.slice(-1_000)}`);
  const { took_ms: tookMs, models }: { readonly took_ms?: unknown; readonly models?: unknown } =
    JSON.parse(line);
  if (typeof tookMs !== "number" || typeof models !== "number")
    throw new Error(`platform.started has no took_ms or no models: ${line}`);
  if (models === 0) throw new Error(`the server was ready without the models that come with it: ${line}`);
  return { tookMs };
}
