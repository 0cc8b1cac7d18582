import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../free-port.ts";
import { isOk, waitUntil } from "../ready.ts";
import { serverMain, startFlags } from "../repository.ts";
import { benchKey, benchModel, type Contestant, gatewayCore, type Place } from "./contestant.ts";

export interface LlmPlatformOptions {
  readonly version: string;
  /** Arguments beside its configuration. */
  readonly extraArguments?: readonly string[];
  /** Where it may run. Default the one core that every gateway has. */
  readonly cores?: readonly number[];
  /** Worker processes. Given, also as 0, the upstream is not bounded in connections: workers would not call such a one. */
  readonly workers?: number;
  /** Where it serves gRPC. Default a port that the system chooses. */
  readonly grpcPort?: number;
}

/**
 * This repository's server with everything on that it has: key check, routing, metering, metrics, ledger.
 * Only bounds are changed that one address with thousands of silent streams, which is the whole load here, would meet.
 */
export function createLlmPlatform(options: LlmPlatformOptions): Contestant {
  if (!existsSync(serverMain)) throw new Error(`${serverMain} is missing: run \`npm run build\` first`);
  return {
    name: "llm-platform",
    version: options.version,
    headers: () => [],
    start: (place) => start(place, options),
  };
}

async function start(
  { processes, folder, upstreamPort }: Place,
  { extraArguments = [], cores = [gatewayCore], workers, grpcPort = 0 }: LlmPlatformOptions,
) {
  const port = await findFreePort();
  const configFile = join(folder, "llm-platform.yaml");
  await writeFile(configFile, platformConfig({ port, upstreamPort, folder, workers, grpcPort }));
  const running = processes.start({
    name: "llm-platform",
    cores,
    command: [process.execPath, ...startFlags(), serverMain, "--config", configFile, ...extraArguments],
    logFile: join(folder, "llm-platform.log"),
  });
  const base = `http://127.0.0.1:${port}`;
  await waitUntil(running, () => isOk(`${base}/readyz`, {}));
  await waitUntil(running, () => isOk(`${base}/v1/models`, { key: benchKey, mustContain: benchModel }));
  return { port, process: running };
}

interface ConfigParts {
  readonly port: number;
  readonly upstreamPort: number;
  readonly folder: string;
  readonly workers: number | undefined;
  readonly grpcPort: number;
}

function platformConfig({ port, upstreamPort, folder, workers, grpcPort }: ConfigParts): string {
  const bound = workers === undefined ? ", max_connections: 20000" : "";
  return `
environment: production
server:
  host: 127.0.0.1
  port: ${port}
  max_connections: 20000
  max_connections_per_address: 20000
  workers: ${workers ?? 0}
grpc: { port: ${grpcPort}, max_concurrent_streams: 1000 }
gateway: { max_in_flight: 20000, chunk_timeout_seconds: 600 }
data_dir: ${join(folder, "data")}
auth:
  api_keys:
    - { name: bench, key: ${benchKey} }
integrations:
  - name: mock
    type: model_platform
    use: openai-compatible
    settings: { base_url: "http://127.0.0.1:${upstreamPort}/v1"${bound} }
  - { name: local, enabled: false }
  - { name: ollama, enabled: false }
`;
}
