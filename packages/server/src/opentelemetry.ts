import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import {
  defineIntegration,
  type IntegrationContext,
  type IntegrationDefinition,
  type Log,
  PlatformError,
} from "@llm-platform/kit";
import { z } from "zod";
import type { PlatformConfig } from "./config/schema.ts";
import type { LogTap } from "./telemetry/log-tap.ts";
import type { TelemetrySender } from "./telemetry/otlp/sender.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";
import type { ContentSettings, Tracing, TracingSettings } from "./telemetry/tracing/tracing.ts";

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
      const tracingSettings = toTracingSettings(config);
      tellContent(tracingSettings, { config, log: context.log });
      const sender = await openSender(parts, context);
      // Loaded only where it is wanted.
      const { startTelemetryExport } = await import("./telemetry/otlp/telemetry-export.ts");
      const exporting = startTelemetryExport({
        ...parts,
        source: { resource: toResource(parts), version: system.version },
        signals: opentelemetry.signals,
        tracingSettings,
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
    content: toContentSettings(opentelemetry),
  };
}

function toContentSettings({
  capture_message_content: mode,
  max_content_bytes: maxBytes,
}: PlatformConfig["opentelemetry"]): ContentSettings | undefined {
  switch (mode) {
    case false:
    case "no_content":
      return undefined;
    case true:
    case "span_only":
      return { inSpans: true, inEvents: false, maxBytes };
    case "event_only":
      return { inSpans: false, inEvents: true, maxBytes };
    case "span_and_event":
      return { inSpans: true, inEvents: true, maxBytes };
  }
}

/** Nobody should find out by chance, and none should miss what would go nowhere. */
function tellContent(
  { content }: TracingSettings,
  { config, log }: { readonly config: PlatformConfig; readonly log: Log },
): void {
  if (content === undefined) return;
  const { signals, capture_message_content: mode } = config.opentelemetry;
  const needed = content.inEvents ? (["traces", "logs"] as const) : (["traces"] as const);
  if (!needed.every((signal) => signals.includes(signal)))
    throw new PlatformError(
      "config_invalid",
      `With opentelemetry.capture_message_content ${String(mode)}, opentelemetry.signals must have ${needed.join(" and ")} in it.`,
      { field: "opentelemetry.signals" },
    );
  log.warn("opentelemetry.content_on", {
    in_spans: content.inSpans,
    in_events: content.inEvents,
    note: "What calls ask and are answered is sent to the collector.",
  });
}
