import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gpu, KeyValues } from "@llm-platform/kit";
import type { HostInput, HostServices } from "./manager/ports.ts";
import type { TransferServer, TransferThread } from "./pulls/transfer-thread.ts";
import type { InstrumentFactory } from "./telemetry/integration-instruments.ts";
import type { GpuReader } from "./telemetry/resources/gpu-reader.ts";
import type { GpuReading } from "./telemetry/resources/gpu-reading.ts";
import type { WorkSpans } from "./telemetry/tracing/work-spans.ts";
import { traceFetch, traceIntegrationWork } from "./traced-work.ts";
import type { CredentialPrograms } from "./credential-programs.ts";
import { createControlFetch, collectOrigins, judgeAddress } from "./wire/control-fetch.ts";
import { createUpstreamPool, type UpstreamPool } from "./wire/upstream-pool.ts";

export interface IntegrationHostParts {
  readonly instruments: InstrumentFactory;
  /** The folder under which each integration has one of its own. */
  readonly directory: string;
  keyValues(integration: string): KeyValues;
  /** Asks the drivers. */
  readonly gpus: Pick<GpuReader, "read">;
  readonly workSpans: WorkSpans;
  readonly transfers: Pick<TransferThread, "open">;
  readonly programs: CredentialPrograms;
  /** Counts TLS handshakes for model calls, by integration and session. */
  readonly tlsHandshakes: { series(integration: string, session: string): { add(): void } };
}

function toGpu({ name, memoryTotalBytes, memoryUsedBytes }: GpuReading): Gpu {
  return {
    name,
    ...(memoryTotalBytes === undefined ? {} : { memoryTotalBytes }),
    ...(memoryUsedBytes === undefined ? {} : { memoryUsedBytes }),
  };
}

const idleLookMs = 50;

/** Makes what one attempt at an integration's life may use. */
export function createIntegrationHost(
  parts: IntegrationHostParts,
): (input: HostInput) => Promise<HostServices> {
  return async ({ name, definition, settings, writtenSettings, network, signal }) => {
    const dataDirectory = integrationFolder(parts.directory, name);
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
    const sources = [settings, writtenSettings, await definition.addresses?.(settings)];
    const origins = collectOrigins(sources);
    const control = createControlFetch({ settings: sources, network, signal });
    const pools: UpstreamPool[] = [];
    const fileServers: TransferServer[] = [];
    const onHandshake = (session: string): void => parts.tlsHandshakes.series(name, session).add();
    return {
      metrics: parts.instruments.create({
        definitionId: definition.id,
        integration: name,
        declarations: definition.metrics ?? [],
      }),
      keyValues: parts.keyValues(name),
      dataDirectory,
      gpus: async (until) => (await parts.gpus.read(until)).map(toGpu),
      runCredentialProgram: (program, until) => parts.programs.run(program, AbortSignal.any([signal, until])),
      fetch:
        definition.id === "opentelemetry"
          ? // What tells of spans would tell of itself without end.
            (url, options) => control.fetch(url, options)
          : (url, options) => traceFetch(parts.workSpans, { integration: name, url, options }, control.fetch),
      span: (spanName, action, attributes) =>
        traceIntegrationWork(parts.workSpans, { integration: name, name: spanName, attributes }, action),
      upstream(origin, limits) {
        if (!origin.startsWith("unix:")) judgeAddress(origin, origins, network);
        const pool = createUpstreamPool(origin, { ...limits, network }, onHandshake);
        pools.push(pool);
        return pool;
      },
      fileServer(origin) {
        judgeAddress(origin, origins, network);
        const server = parts.transfers.open(origin, { network, onHandshake });
        fileServers.push(server);
        return server;
      },
      async whenIdle(until) {
        const isBusy = (): boolean =>
          pools.some((pool) => pool.busyConnections > 0) ||
          fileServers.some((server) => server.busyTransfers > 0);
        while (!until.aborted && isBusy()) await sleep(idleLookMs);
      },
      release() {
        control.release();
        for (const each of [...pools, ...fileServers]) each.stop();
      },
    };
  };
}

/** The folder of one integration under that of all. */
export function integrationFolder(directory: string, name: string): string {
  return join(directory, name.replaceAll(/[^A-Za-z0-9._-]/g, "_"));
}
