import { defineIntegration, type IntegrationDefinition } from "@llm-platform/kit";
import { ConnectionBounds } from "./api/connection-bounds.ts";
import type { GrpcServer, GrpcServerParts } from "./api/grpc/server.ts";
import type { GrpcSurfaceParts } from "./api/grpc/surface.ts";
import type { InferenceParts } from "./api/inference.ts";
import type { Listener } from "./api/listener.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { noSettings } from "./core/no-settings.ts";
import type { Manager } from "./manager/manager.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";

export interface GrpcParts
  extends Pick<GrpcSurfaceParts, "directory" | "auditor" | "readCaller" | "log" | "feeds"> {
  readonly config: PlatformConfig;
  readonly listener: Listener;
  readonly inference: InferenceParts;
  readonly metrics: PlatformMetrics;
  /** Aborted when the server is told to stop. */
  readonly stopping: AbortSignal;
  /** Whether the server takes calls. */
  isServing(): boolean;
  manager(): Manager;
  operations(): GrpcSurfaceParts["operations"];
}

const defaultPort = 50_051;
/** What a client that is asked whether it is there may take to answer. */
const keepAliveTimeoutMs = 20_000;

/** gRPC as an integration: its health is that it listens, its stop is that it drains. */
export function createGrpcIntegration(parts: GrpcParts): IntegrationDefinition<object> {
  return defineIntegration<object>({
    contract: 1,
    id: "grpc",
    type: "api",
    summary: "Models, integrations and every operation over gRPC, on a port of its own.",
    settings: noSettings,
    async start({ log }) {
      const server = await openServer(parts);
      const address = await server.listen();
      log.info("grpc.listening", { address: address.address, port: address.port });
      const stopListening = parts.listener.onClosing(() => server.close());
      return {
        health: async () =>
          server.isListening
            ? { status: "ok", detail: `Port ${address.port}.` }
            : { status: "failed", detail: "The port for gRPC is closed." },
        async stop() {
          stopListening();
          await server.stop();
        },
      };
    },
  });
}

async function openServer(parts: GrpcParts): Promise<GrpcServer> {
  // Loaded only where it is wanted: it takes a while.
  const { createGrpcSurface } = await import("./api/grpc/surface.ts");
  const { config, listener, inference, isServing, stopping, manager, metrics } = parts;
  const { server, grpc } = config;
  return createGrpcSurface({
    ...parts,
    operations: parts.operations(),
    host: server.host,
    port: portOf(config),
    tls: listener.tls,
    bounds: new ConnectionBounds({
      maxConnections: server.max_connections,
      maxConnectionsPerAddress: server.max_connections_per_address,
      connections: metrics.grpcConnections.series(),
    }),
    maxConcurrentStreams: grpc.max_concurrent_streams,
    sessions: {
      keepAliveMs: grpc.keep_alive_seconds * 1_000,
      keepAliveTimeoutMs,
      maxAgeMs: grpc.max_connection_age_seconds === 0 ? undefined : grpc.max_connection_age_seconds * 1_000,
      random: Math.random,
    },
    gateway: inference.gateway,
    authenticator: inference.authenticator,
    readAddress: inference.readAddress,
    health: { isServing, stopping, integrations: () => manager().list() },
    hasReflection: grpc.reflection ?? config.environment !== "production",
    countHandled: countHandled(metrics),
  });
}

function portOf({ server, grpc }: PlatformConfig): number {
  return grpc.port ?? (server.port === 0 ? 0 : defaultPort);
}

function countHandled({ grpcHandled }: PlatformMetrics): GrpcServerParts["countHandled"] {
  return ({ kind, service, name }, status) => grpcHandled.series(kind, service, name, status);
}
