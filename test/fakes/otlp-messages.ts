import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { z } from "zod";

export type Attribute = string | number | boolean | null | readonly Attribute[] | Attributes;
export type Attributes = { readonly [name: string]: Attribute };

/** A span as a collector reads it. Ids are hexadecimal, times Unix time. */
export type ReadSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 server, 3 client. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly string[];
  /** 2 for an error, else 0. */
  readonly status: number;
  /** Of the resource that it belongs to. */
  readonly service: string;
};

export type ReadMetric = {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly { readonly attributes: Attributes; readonly value: number }[];
};

export type ReadLog = {
  readonly event: string;
  readonly severity: string;
  readonly attributes: Attributes;
  /** Hexadecimal; empty for what belongs to no span. */
  readonly traceId: string;
  readonly spanId: string;
};

const root = new protobuf.Root().loadSync(fileURLToPath(new URL("./otlp.proto", import.meta.url)));

const anyValue = z.looseObject({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.string().optional(),
  doubleValue: z.number().optional(),
  get arrayValue() {
    return z.looseObject({ values: z.array(anyValue).default([]) }).optional();
  },
  get kvlistValue() {
    return z
      .looseObject({ values: z.array(z.looseObject({ key: z.string(), value: anyValue })).default([]) })
      .optional();
  },
});
type AnyValue = z.output<typeof anyValue>;
const keyValues = z.array(z.looseObject({ key: z.string(), value: anyValue })).default([]);
const resource = z.looseObject({ attributes: keyValues });
const hex = z.string().transform((text) => Buffer.from(text, "base64").toString("hex"));
const nanos = z.string().transform((text) => Number(BigInt(text) / 1_000n) / 1_000);

const traceRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource,
      scopeSpans: z.array(
        z.looseObject({
          spans: z.array(
            z.looseObject({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex.default(""),
              name: z.string().default(""),
              kind: z.number(),
              startTimeUnixNano: nanos,
              endTimeUnixNano: nanos,
              attributes: keyValues,
              events: z.array(z.looseObject({ name: z.string() })).default([]),
              status: z.looseObject({ code: z.number() }).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

const point = z.looseObject({
  attributes: keyValues,
  asDouble: z.number().optional(),
  sum: z.number().optional(),
});
const points = z.looseObject({ dataPoints: z.array(point).default([]) }).optional();
const metricRequest = z.object({
  resourceMetrics: z.array(
    z.object({
      resource,
      scopeMetrics: z.array(
        z.looseObject({
          metrics: z.array(
            z.looseObject({
              name: z.string().default(""),
              unit: z.string(),
              gauge: points,
              sum: points,
              histogram: points,
            }),
          ),
        }),
      ),
    }),
  ),
});

const logRequest = z.object({
  resourceLogs: z.array(
    z.object({
      resource,
      scopeLogs: z.array(
        z.looseObject({
          logRecords: z.array(
            z.looseObject({
              body: anyValue.optional(),
              eventName: z.string().default(""),
              severityText: z.string(),
              attributes: keyValues,
              traceId: hex.default(""),
              spanId: hex.default(""),
            }),
          ),
        }),
      ),
    }),
  ),
});

export function readSpans(message: Buffer): readonly ReadSpan[] {
  const { resourceSpans } = traceRequest.parse(decode("ExportTraceServiceRequest", message));
  return resourceSpans.flatMap((each) => {
    const service = String(toAttributes(each.resource.attributes)["service.name"]);
    const spans = each.scopeSpans.flatMap((scope) => scope.spans);
    return spans.map((span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      kind: span.kind,
      startMs: span.startTimeUnixNano,
      endMs: span.endTimeUnixNano,
      attributes: toAttributes(span.attributes),
      events: span.events.map(({ name }) => name),
      status: span.status?.code ?? 0,
      service,
    }));
  });
}

export function readMetrics(message: Buffer): readonly ReadMetric[] {
  const { resourceMetrics } = metricRequest.parse(decode("ExportMetricsServiceRequest", message));
  const metrics = resourceMetrics.flatMap((each) => each.scopeMetrics.flatMap((scope) => scope.metrics));
  return metrics.map(({ name, unit, gauge, sum, histogram }) => ({
    name,
    unit,
    points: ((gauge ?? sum ?? histogram)?.dataPoints ?? []).map((each) => ({
      attributes: toAttributes(each.attributes),
      value: each.asDouble ?? each.sum ?? 0,
    })),
  }));
}

export function readLogs(message: Buffer): readonly ReadLog[] {
  const { resourceLogs } = logRequest.parse(decode("ExportLogsServiceRequest", message));
  const records = resourceLogs.flatMap((each) => each.scopeLogs.flatMap((scope) => scope.logRecords));
  return records.map(({ eventName, severityText, attributes, traceId, spanId }) => ({
    traceId,
    spanId,
    event: eventName,
    severity: severityText,
    attributes: toAttributes(attributes),
  }));
}

function decode(type: string, message: Buffer): unknown {
  const found = root.lookupType(type);
  return found.toObject(found.decode(message), { longs: String, bytes: String });
}

function toAttributes(list: z.output<typeof keyValues>): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, toAttribute(value)]));
}

function toAttribute(value: AnyValue): Attribute {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue } = value;
  if (arrayValue !== undefined) return arrayValue.values.map(toAttribute);
  if (kvlistValue !== undefined) return toAttributes(kvlistValue.values);
  return stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue)) ?? null;
}

/** What a collector answers that did not keep all of a request. */
export function writeReceipt({
  rejected,
  message,
}: {
  readonly rejected: number;
  readonly message: string;
}): Buffer {
  return encode("ExportServiceResponse", { partialSuccess: { rejected, errorMessage: message } });
}

/** A `google.rpc.Status` that says when there is room again. */
export function writeRetryInfo(seconds: number): Buffer {
  const value = encode("RetryInfo", { retryDelay: { seconds } });
  const typeUrl = "type.googleapis.com/google.rpc.RetryInfo";
  return encode("RpcStatus", { code: 8, details: [{ typeUrl, value }] });
}

function encode(type: string, message: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(root.lookupType(type).encode(message).finish());
}
