import { existsSync } from "node:fs";
import { serverMain } from "../repository.ts";
import { integrationsBefore, startServer } from "../server.ts";
import { benchKey, type Contestant, type Place, type RunningContestant } from "./contestant.ts";

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

function start(
  { processes, folder, upstreamPort }: Place,
  { extraArguments, cores, workers, grpcPort = 0 }: LlmPlatformOptions,
): Promise<RunningContestant> {
  const bound = workers === undefined ? { max_connections: 20_000 } : {};
  const config = {
    environment: "production",
    server: {
      host: "127.0.0.1",
      max_connections: 20_000,
      max_connections_per_address: 20_000,
      workers: workers ?? 0,
    },
    grpc: { port: grpcPort, max_concurrent_streams: 1_000 },
    gateway: { max_in_flight: 20_000, chunk_timeout_seconds: 600 },
    auth: { api_keys: [{ name: "bench", key: benchKey }] },
    integrations: integrationsBefore(upstreamPort, bound),
  };
  return startServer({ processes, folder, config, extraArguments, cores });
}
