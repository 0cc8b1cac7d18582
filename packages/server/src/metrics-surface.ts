import type { IntegrationDefinition } from "@llm-platform/kit";
import type { Listener } from "./api/listener.ts";
import { createMetricsHandler, createMetricsMount, type MetricsParts } from "./api/metrics.ts";
import { openMetricsPort } from "./api/metrics-port.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";
import { parseHostPort } from "./config/host-port.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { PlatformLog } from "./telemetry/log.ts";

export interface MetricsSurfaceParts extends MetricsParts {
  readonly config: PlatformConfig;
  readonly listener: Listener;
  readonly log: PlatformLog;
}

/** `/metrics`, on the platform's port or on one of its own. */
export function createMetricsSurface(parts: MetricsSurfaceParts): IntegrationDefinition {
  const own = parseHostPort(parts.config.prometheus.listen ?? "");
  return createSurfaceIntegration({
    id: "prometheus",
    type: "monitoring",
    summary: "Metrics for Prometheus at /metrics.",
    listener: parts.listener,
    async open() {
      if (own === undefined) return { mount: createMetricsMount(parts), close: async () => undefined };
      const port = await openMetricsPort(own, createMetricsHandler(parts));
      parts.log.info("metrics.listening", { host: port.address.address, port: port.address.port });
      return { mount: { routes: [], paths: new Map() }, close: () => port.close() };
    },
  });
}
