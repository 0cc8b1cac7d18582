import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { Inbox } from "./inbox.ts";
import {
  type ReadLog,
  type ReadMetric,
  type ReadSpan,
  readLogs,
  readMetrics,
  readSpans,
  writeReceipt,
  writeRetryInfo,
} from "./otlp-messages.ts";

/** A server that takes what OpenTelemetry's exporters send, over HTTP or over gRPC. */
export type OtlpCollector = {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly spans: Inbox<ReadSpan>;
  readonly metrics: Inbox<ReadMetric>;
  readonly logs: Inbox<ReadLog>;
  /** The header `authorization` of each request; empty where there was none. */
  readonly tokens: readonly string[];
  /** Refuses what comes from now on as one that is overloaded; false takes it again. */
  refuse(isRefusing: boolean): void;
  /** How what comes from now on is answered. */
  answer(how: CollectorAnswer): void;
  /** When requests with spans came, in monotonic milliseconds. */
  readonly arrivals: Inbox<number>;
  /** Once every span of a trace that has a parent here is there too, at least `count` of them. */
  trace(traceId: string, count: number): Promise<readonly ReadSpan[]>;
  stop(): Promise<void>;
};

/** A collector takes what it gets, keeps but a part, says when it has room again, says that it has none, or says nothing. */
export type CollectorAnswer =
  | { readonly kind: "take" | "refuse" | "stall" }
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  | { readonly kind: "throttle"; readonly seconds: number };

type Signal = "traces" | "metrics" | "logs";

/** The part that HTTP and gRPC share. */
class Taken {
  readonly spans = new Inbox<ReadSpan>();
  readonly metrics = new Inbox<ReadMetric>();
  readonly logs = new Inbox<ReadLog>();
  readonly tokens: string[] = [];
  readonly arrivals = new Inbox<number>();
  how: CollectorAnswer = { kind: "take" };

  /** What is answered to a message that is taken. */
  get reply(): Buffer {
    if (this.how.kind !== "partial") return Buffer.alloc(0);
    return writeReceipt(this.how);
  }

  /** Whether there is nothing to be done but to answer. */
  arrive(signal: Signal): CollectorAnswer {
    if (signal === "traces") this.arrivals.put(performance.now());
    return this.how;
  }

  /** @throws where a message is not what its signal says */
  take(signal: Signal, message: Buffer, token: string | undefined): void {
    this.tokens.push(token ?? "");
    if (signal === "traces") for (const span of readSpans(message)) this.spans.put(span);
    if (signal === "metrics") for (const metric of readMetrics(message)) this.metrics.put(metric);
    if (signal === "logs") for (const log of readLogs(message)) this.logs.put(log);
  }

  async trace(traceId: string, count: number): Promise<readonly ReadSpan[]> {
    const found = () => this.spans.items.filter((span) => span.traceId === traceId);
    await this.spans.find(() => found().length >= count);
    return found();
  }
}

export async function startOtlpCollector(protocol: "http" | "grpc" = "http"): Promise<OtlpCollector> {
  const taken = new Taken();
  const { port, stop } = await (protocol === "http" ? serveHttp(taken) : serveGrpc(taken));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: taken.spans,
    metrics: taken.metrics,
    logs: taken.logs,
    tokens: taken.tokens,
    arrivals: taken.arrivals,
    refuse(isRefusing) {
      taken.how = { kind: isRefusing ? "refuse" : "take" };
    },
    answer(how) {
      taken.how = how;
    },
    trace: (traceId, count) => taken.trace(traceId, count),
    stop,
  };
}

async function serveHttp(taken: Taken) {
  const signals = new Map<string, Signal>([
    ["/v1/traces", "traces"],
    ["/v1/metrics", "metrics"],
    ["/v1/logs", "logs"],
  ]);
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const signal = signals.get(request.url ?? "");
      const isOurs = signal !== undefined && request.headers["content-type"] === "application/x-protobuf";
      if (!isOurs) {
        response.writeHead(400).end();
        return;
      }
      const how = taken.arrive(signal);
      if (how.kind === "stall") return;
      if (how.kind === "throttle") {
        response.writeHead(429, { "retry-after": String(how.seconds) }).end();
        return;
      }
      if (how.kind !== "refuse") taken.take(signal, body, request.headers.authorization);
      response.writeHead(how.kind === "refuse" ? 503 : 200, { "content-type": "application/x-protobuf" });
      response.end(taken.reply);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function serveGrpc(taken: Taken) {
  const server = new Server();
  for (const [signal, name] of [
    ["traces", "trace.v1.TraceService"],
    ["metrics", "metrics.v1.MetricsService"],
    ["logs", "logs.v1.LogsService"],
  ] as const) {
    const Export = {
      path: `/opentelemetry.proto.collector.${name}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    };
    server.addService(
      { Export },
      {
        Export(call: GrpcCall, answer: GrpcAnswer) {
          const how = taken.arrive(signal);
          if (how.kind === "stall") return;
          if (how.kind === "refuse") {
            answer({ code: status.UNAVAILABLE });
            return;
          }
          if (how.kind === "throttle") {
            const metadata = new Metadata();
            metadata.set("grpc-status-details-bin", writeRetryInfo(how.seconds));
            answer({ code: status.RESOURCE_EXHAUSTED, metadata });
            return;
          }
          taken.take(signal, call.request, String(call.metadata.get("authorization")[0] ?? ""));
          answer(null, taken.reply);
        },
      },
    );
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
  return { port: await promise, stop: async () => server.forceShutdown() };
}

type GrpcCall = {
  readonly request: Buffer;
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
};
type GrpcAnswer = (
  error: { readonly code: number; readonly metadata?: Metadata } | null,
  reply?: Buffer,
) => void;
