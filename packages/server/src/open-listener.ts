import type { AddressInfo } from "node:net";
import { createListener, type Dealer, type Listener } from "./api/listener.ts";
import type { Tls } from "./api/tls-door.ts";
import { openTlsSource } from "./api/tls-source.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { toTlsFiles } from "./settings-of.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";

export interface ListenerInput {
  readonly config: PlatformConfig;
  readonly metrics: PlatformMetrics;
  readonly log: PlatformLog;
  /** Of the workers; undefined without any. */
  readonly dealer: Dealer | undefined;
  /** Whether replies are to end their connections, because memory is short. */
  isTight(): boolean;
}

/**
 * The port as the configuration wants it, not listening yet.
 * @throws PlatformError `config_invalid` when it is to speak TLS and the files for that cannot be used
 */
export async function openListener({
  config,
  metrics,
  log,
  dealer,
  isTight,
}: ListenerInput): Promise<Listener> {
  const { server } = config;
  return createListener({
    host: server.host,
    port: server.port,
    maxConnections: server.max_connections,
    maxConnectionsPerAddress: server.max_connections_per_address,
    fastLane: server.fast_lane,
    connections: metrics.connections.series(),
    requests: {
      fast: metrics.httpRequests.series("fast"),
      node_http: metrics.httpRequests.series("node_http"),
    },
    tls: await openTls(config, metrics, log),
    dealer,
    isTight,
  });
}

/** Where the port is, for people. */
export function toUrl(config: PlatformConfig, { address, family, port }: AddressInfo): string {
  const scheme = toTlsFiles(config) === undefined ? "http" : "https";
  return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function openTls(
  config: PlatformConfig,
  metrics: PlatformMetrics,
  log: PlatformLog,
): Promise<Tls | undefined> {
  const files = toTlsFiles(config);
  if (files === undefined) return undefined;
  const { tlsCertificateExpiry, tlsCertificateReloads, tlsHandshakes } = metrics;
  const source = await openTlsSource({
    files,
    log,
    expiry: tlsCertificateExpiry.series(),
    reloads: {
      success: tlsCertificateReloads.series("success"),
      failure: tlsCertificateReloads.series("failure"),
    },
  });
  const handshakes = {
    success: tlsHandshakes.series("success"),
    failure: tlsHandshakes.series("failure"),
  };
  return { source, handshakes };
}
