import { type IntegrationContext, PlatformError } from "@llm-platform/kit";
import { decodeReceipt } from "./telemetry/otlp/decode-receipt.ts";
import type { TelemetrySender, TelemetrySignal } from "./telemetry/otlp/sender.ts";
import { createGrpcClient } from "./wire/grpc-client.ts";

export interface TelemetrySenderParts {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly certificateAuthorities: string | undefined;
}

/** Of one request, until it is answered. */
const deadlineMs = 10_000;
const longestAnswer = 64 * 1024;

const grpcPaths: Readonly<Record<TelemetrySignal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};

/** Statuses after which OTLP lets the same request be sent again. */
const retryable = new Set([429, 502, 503, 504]);

/** Sends to a collector over HTTP. */
export function createHttpSender(
  { endpoint, headers, certificateAuthorities }: TelemetrySenderParts,
  context: Pick<IntegrationContext<unknown>, "fetch">,
): TelemetrySender {
  return {
    async send(signal, request, abort) {
      const response = await context.fetch(`${endpoint}/v1/${signal}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/x-protobuf", "user-agent": "llm-platform" },
        body: request,
        deadlineMs,
        signal: abort,
        certificateAuthorities,
      });
      const answer = await readAnswer(response);
      if (!response.ok) throw toError(response);
      return decodeReceipt(answer);
    },
    close: () => undefined,
  };
}

/** Empty for one that is longer than any that a collector has to give. */
async function readAnswer({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > longestAnswer) return new Uint8Array();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toError({ status, headers }: Response): PlatformError {
  if (status === 401 || status === 403)
    return new PlatformError("upstream_auth", `It refused the credential (HTTP ${status}).`);
  return new PlatformError("upstream_error", `It answered with HTTP ${status}.`, {
    isRetryable: retryable.has(status),
    ...toRetryAfter(headers.get("retry-after"), Date.now()),
  });
}

/** Retry-After as seconds or as a date (RFC 9110 section 10.2.3). What is neither says nothing. */
function toRetryAfter(value: string | null, nowMs: number): { readonly retryAfterMs?: number } {
  if (value === null) return {};
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.max(0, ms) };
}

/** Sends to a collector over gRPC. */
export function createGrpcSender({
  endpoint,
  headers,
  certificateAuthorities,
}: TelemetrySenderParts): TelemetrySender {
  const client = createGrpcClient({ url: endpoint, headers, certificateAuthorities, deadlineMs });
  return {
    send: async (signal, request, abort) =>
      decodeReceipt(await client.call(grpcPaths[signal], request, abort)),
    close: () => client.close(),
  };
}

/**
 * Headers as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, values percent-encoded.
 * Throws PlatformError `config_invalid`.
 */
export function parseTelemetryHeaders(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map(parseHeader),
  );
}

function parseHeader(part: string): readonly [string, string] {
  const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x20-\x7e]*?)\s*$/.exec(part) ?? [];
  const decoded = value === undefined ? undefined : decode(value);
  if (name !== undefined && decoded !== undefined) return [name.toLowerCase(), decoded];
  throw new PlatformError(
    "config_invalid",
    "The headers for the collector must be written as name=value, with commas between them and values percent-encoded.",
    { field: "opentelemetry.headers" },
  );
}

/** Undefined for what no header may hold. */
function decode(value: string): string | undefined {
  try {
    const text = decodeURIComponent(value);
    return /^[\x20-\x7e]*$/.test(text) ? text : undefined;
  } catch {
    // A stray percent sign: whoever wrote it is told how values are written.
    return undefined;
  }
}
