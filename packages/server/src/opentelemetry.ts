import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import {
  defineIntegration,
  type IntegrationContext,
  type IntegrationDefinition,
  PlatformError,
} from "@llm-platform/kit";
import { z } from "zod";
import type { PlatformConfig } from "./config/schema.ts";
import type { LogTap } from "./telemetry/log-tap.ts";
import type { TelemetrySender } from "./telemetry/otlp/sender.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";
import type { Tracing, TracingSettings } from "./telemetry/tracing/tracing.ts";

export interface OpenTelemetryParts {
  readonly config: PlatformConfig;
  readonly tracing: Tracing;
  readonly logTap: LogTap;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  /** Takes in what workers count. */
  askWorkers(): Promise<unknown>;
  readonly system: { readonly version: string; readonly startedAtMs: number };
}

/** The collector's address is a setting of the integration, so that the guard of outbound calls knows it. */
const schema = z.strictObject({ endpoint: z.url({ protocol: /^https?$/ }) });
type Settings = z.output<typeof schema>;

/** OpenTelemetry in the list of integrations: while it runs calls are traced, and a collector is told. */
export function createOpenTelemetryIntegration(parts: OpenTelemetryParts): IntegrationDefinition<Settings> {
  return defineIntegration<Settings>({
    contract: 1,
    id: "opentelemetry",
    type: "monitoring",
    summary: "Traces, metrics and the log for an OpenTelemetry collector.",
    settings: { schema, jsonSchema: JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" }))) },
    async start(context) {
      const { config, system } = parts;
      const { opentelemetry } = config;
      const sender = await openSender(parts, context);
      // Loaded only where it is wanted.
      const { startTelemetryExport } = await import("./telemetry/otlp/telemetry-export.ts");
      const exporting = startTelemetryExport({
        ...parts,
        source: { resource: toResource(parts), version: system.version },
        signals: opentelemetry.signals,
        tracingSettings: toTracingSettings(config),
        metricIntervalMs: opentelemetry.metric_interval_seconds * 1_000,
        sender,
        askOthers: () => parts.askWorkers(),
        startedAtMs: system.startedAtMs,
        log: context.log,
      });
      return { health: async () => exporting.health(), stop: () => exporting.stop() };
    },
  });
}

/** What the integration is started with. */
export function toOpenTelemetrySettings({ opentelemetry }: PlatformConfig): Settings {
  const { endpoint, protocol } = opentelemetry;
  const port = protocol === "grpc" ? 4_317 : 4_318;
  return { endpoint: endpoint ?? `http://127.0.0.1:${port}` };
}

async function openSender(
  { config }: OpenTelemetryParts,
  context: IntegrationContext<Settings>,
): Promise<TelemetrySender> {
  const { protocol, headers, ca_file } = config.opentelemetry;
  const { createGrpcSender, createHttpSender, parseTelemetryHeaders } = await import("./telemetry-sender.ts");
  const sending = {
    endpoint: context.settings.endpoint,
    headers: parseTelemetryHeaders(headers?.reveal() ?? ""),
    certificateAuthorities: ca_file === undefined ? undefined : await readIssuers(ca_file),
  };
  return protocol === "grpc" ? createGrpcSender(sending) : createHttpSender(sending, context);
}

async function readIssuers(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new PlatformError("config_invalid", `The file ${file} of opentelemetry.ca_file cannot be read.`, {
      field: "opentelemetry.ca_file",
      cause,
    });
  }
}

function toResource({ config, system }: OpenTelemetryParts) {
  return {
    "service.name": config.opentelemetry.service_name,
    "service.version": system.version,
    "service.instance.id": randomUUID(),
    "deployment.environment.name": config.environment,
    "host.name": hostname(),
    "process.pid": process.pid,
  };
}

function toTracingSettings({ opentelemetry }: PlatformConfig): TracingSettings {
  const { sampler, sampler_ratio, slow_seconds, semantic_conventions } = opentelemetry;
  const isLatest = semantic_conventions
    .split(",")
    .some((each) => each.trim() === "gen_ai_latest_experimental");
  return {
    ratio: sampler.endsWith("always_on") ? 1 : sampler.endsWith("always_off") ? 0 : sampler_ratio,
    isParentBased: sampler.startsWith("parentbased_"),
    slowMs: slow_seconds * 1_000,
    conventions: isLatest ? "latest" : "default",
  };
}
