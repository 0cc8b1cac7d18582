import {
  Cancellation,
  type IntegrationContext,
  PlatformError,
  type ReplyBody,
  type UpstreamReply,
} from "@llm-platform/kit";
import { readBody } from "./pulls/read-body.ts";
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
/** One request of each kind is under way at a time. */
const mostConnections = 4;

const grpcPaths: Readonly<Record<TelemetrySignal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};

/** Statuses after which OTLP lets the same request be sent again. */
const retryable = new Set([429, 502, 503, 504]);

/**
 * Sends to a collector over HTTP, by the connections that model calls go over: undici's `fetch` copies a request of a
 * megabyte several times, which was most of what it cost to trace every call.
 */
export function createHttpSender(
  { endpoint, headers, certificateAuthorities }: TelemetrySenderParts,
  context: Pick<IntegrationContext<unknown>, "upstream">,
): TelemetrySender {
  const { origin, pathname } = new URL(endpoint);
  const upstream = context.upstream(origin, { maxConnections: mostConnections, certificateAuthorities });
  const path = pathname.replace(/\/$/, "");
  const lines = Object.entries({
    ...headers,
    "content-type": "application/x-protobuf",
    "user-agent": "llm-platform",
  });
  return {
    async send(signal, request, abort) {
      const { cancellation, forget } = cancelAfter(deadlineMs, abort);
      try {
        const reply = await upstream.send({
          method: "POST",
          path: `${path}/v1/${signal}`,
          headers: lines,
          body: request,
          cancellation,
        });
        const answer = await readAnswer(reply.body, cancellation.signal);
        if (reply.status < 200 || reply.status >= 300) throw toError(reply);
        return decodeReceipt(answer);
      } finally {
        forget();
      }
    },
    close: () => undefined,
  };
}

/** What ends a request that takes too long, or when nobody waits for it any more. */
function cancelAfter(ms: number, abort: AbortSignal) {
  const cancellation = new Cancellation();
  const late = setTimeout(() => {
    const message = "The server did not answer in time.";
    cancellation.cancel(new PlatformError("upstream_timeout", message, { isRetryable: true }));
  }, ms);
  const onAbort = () => cancellation.cancel(new PlatformError("shutting_down", "The export was stopped."));
  abort.addEventListener("abort", onAbort, { once: true });
  if (abort.aborted) onAbort();
  const forget = () => {
    clearTimeout(late);
    abort.removeEventListener("abort", onAbort);
  };
  return { cancellation, forget };
}

/** Empty for one that is longer than any that a collector has to give. */
async function readAnswer(body: ReplyBody, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const take = (piece: Uint8Array): undefined => {
    length += piece.length;
    if (length <= longestAnswer) chunks.push(piece);
  };
  await readBody(body, { take }, signal);
  return length > longestAnswer ? new Uint8Array() : Buffer.concat(chunks);
}

function toError({ status, headers }: UpstreamReply): PlatformError {
  if (status === 401 || status === 403)
    return new PlatformError("upstream_auth", `It refused the credential (HTTP ${status}).`);
  return new PlatformError("upstream_error", `It answered with HTTP ${status}.`, {
    isRetryable: retryable.has(status),
    ...toRetryAfter(headers.get("retry-after"), Date.now()),
  });
}

/** Retry-After as seconds or as a date (RFC 9110 section 10.2.3). What is neither says nothing. */
function toRetryAfter(value: string | undefined, nowMs: number): { readonly retryAfterMs?: number } {
  if (value === undefined) return {};
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
