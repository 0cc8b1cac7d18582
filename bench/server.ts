import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { benchKey, benchModel, gatewayCore, type RunningContestant } from "./contestants/contestant.ts";
import { findFreePort } from "./free-port.ts";
import type { Processes } from "./processes.ts";
import { isOk, waitUntil } from "./ready.ts";
import { serverMain, startFlags } from "./repository.ts";

export interface ServerOptions {
  readonly processes: Processes;
  /** Takes its configuration, its data (`data`) and its log; made where it is missing. */
  readonly folder: string;
  readonly config: ServerConfig;
  /** As messages should call it. Default "llm-platform". */
  readonly name?: string;
  /** Where it may run. Default the one core that every gateway has. */
  readonly cores?: readonly number[] | undefined;
  /** Beside its configuration. */
  readonly extraArguments?: readonly string[] | undefined;
  /** Default none: nothing of the caller's reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it must offer before it is measured. Default the upstream's model. */
  readonly model?: string;
}

/** Settings, but for its port and its data folder. */
export interface ServerConfig {
  readonly [setting: string]: unknown;
  readonly server?: Readonly<Record<string, unknown>>;
  /** Where it is given, the bench's key must be one of its keys. */
  readonly auth?: { readonly api_keys: readonly object[] };
}

/** The bench's key is the only one, and may do everything. */
export const benchAuth = { api_keys: [{ name: "bench", key: benchKey, role: "admin" }] } as const;

/** The upstream is all that it has: nothing else of the machine is offered. */
export function integrationsBefore(upstreamPort: number, settings: object = {}): readonly object[] {
  return [
    {
      name: "mock",
      use: "openai-compatible",
      settings: { base_url: `http://127.0.0.1:${upstreamPort}/v1`, ...settings },
    },
    { name: "local", enabled: false },
    { name: "ollama", enabled: false },
  ];
}

/** Starts the built server as `npm start` does. Resolves when it offers its model to callers. */
export async function startServer({
  processes,
  folder,
  config,
  name = "llm-platform",
  cores = [gatewayCore],
  extraArguments = [],
  env = {},
  model = benchModel,
}: ServerOptions): Promise<RunningContestant> {
  const port = await findFreePort();
  const configFile = join(folder, "llm-platform.yaml");
  await mkdir(folder, { recursive: true });
  const whole = { ...config, data_dir: join(folder, "data"), server: { ...config.server, port } };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(whole));
  const running = processes.start({
    name,
    cores,
    command: [process.execPath, ...startFlags(), serverMain, "--config", configFile, ...extraArguments],
    logFile: join(folder, "llm-platform.log"),
    env,
  });
  const key = config.auth === undefined ? {} : { key: benchKey };
  const base = `http://127.0.0.1:${port}`;
  await waitUntil(running, () => isOk(`${base}/readyz`, {}));
  await waitUntil(running, () => isOk(`${base}/v1/models`, { ...key, mustContain: model }));
  return { port, process: running };
}
