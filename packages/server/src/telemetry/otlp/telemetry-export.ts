import { type Health, type Log, type PlatformError, toPlatformError } from "@llm-platform/kit";
import type { LogTap } from "../log-tap.ts";
import type { PlatformMetrics } from "../platform-metrics.ts";
import type { MetricRegistry } from "../registry.ts";
import type { EncodedSpans } from "../tracing/span.ts";
import type { Tracing, TracingSettings } from "../tracing/tracing.ts";
import { encodeLogs, type LogItem } from "./encode-logs.ts";
import { encodeMetrics } from "./encode-metrics.ts";
import { ExportQueue } from "./export-queue.ts";
import { ProtoWriter } from "./proto-writer.ts";
import { encodeSpans, type TelemetrySource } from "./resource.ts";
import type { TelemetryReceipt, TelemetrySender, TelemetrySignal } from "./sender.ts";

export interface TelemetryExportParts {
  readonly source: TelemetrySource;
  readonly signals: readonly TelemetrySignal[];
  readonly tracingSettings: TracingSettings;
  readonly metricIntervalMs: number;
  readonly sender: TelemetrySender;
  readonly tracing: Tracing;
  readonly logTap: LogTap;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  /** Takes in what other processes count. */
  askOthers(): Promise<unknown>;
  /** In Unix milliseconds: what metrics are counted from. */
  readonly startedAtMs: number;
  readonly log: Log;
}

/** What sends spans, metrics and the log to a collector. */
export interface TelemetryExport {
  /** Degraded while the last request of some kind has failed. */
  health(): Health;
  /** Sends what waits, once. */
  stop(): Promise<void>;
}

/** In bytes. A request over gRPC may have 4 MiB where nobody has set it otherwise. */
const limits = {
  traces: { capacity: 16 * 1_024 * 1_024, batchSize: 1_024 * 1_024 },
  logs: { capacity: 4 * 1_024 * 1_024, batchSize: 256 * 1_024 },
} as const;
const intervalMs = 1_000;

export function startTelemetryExport(parts: TelemetryExportParts): TelemetryExport {
  return new Exporting(parts);
}

interface ItemCodec<Item> {
  encode(items: readonly Item[]): Buffer;
  sizeOf(item: Item): number;
  countOf(item: Item): number;
  onGone?(item: Item): void;
}

class Exporting implements TelemetryExport {
  readonly #parts: TelemetryExportParts;
  readonly #stopping = new AbortController();
  readonly #failures = new Map<TelemetrySignal, PlatformError>();
  /** What the collector said last of what it did not keep. */
  readonly #said = new Map<TelemetrySignal, string>();
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(parts: TelemetryExportParts) {
    this.#parts = parts;
    const log = parts.signals.includes("logs") ? this.#exportLog() : undefined;
    if (parts.signals.includes("traces")) this.#exportSpans(log);
    if (parts.signals.includes("metrics")) this.#exportMetrics();
  }

  health(): Health {
    const first = [...this.#failures][0];
    if (first === undefined) return { status: "ok" };
    const [signal, { message }] = first;
    return {
      status: "degraded",
      detail: `The collector does not take ${signal}: ${message} Calls are not touched by it.`,
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()));
    this.#stopping.abort();
    this.#parts.sender.close();
  }

  /** @param log where events go that are recorded with spans */
  #exportSpans(log: ExportQueue<LogItem> | undefined): void {
    const { source, tracing, tracingSettings } = this.#parts;
    // One request is under way at a time: all of them are written into the same memory.
    const writer = new ProtoWriter();
    const queue = this.#createQueue<EncodedSpans>("traces", {
      encode: (pieces) => encodeSpans(source, pieces, writer),
      sizeOf: ({ bytes }) => bytes.length,
      countOf: ({ count }) => count,
      onGone: ({ bytes }) => tracing.pieces.give(bytes),
    });
    const turnOff = tracing.turnOn(tracingSettings, {
      take: (spans) => queue.add(spans),
      takeEvent: (event) => log?.add(event),
    });
    this.#closers.push(async () => {
      turnOff();
      await queue.close();
    });
  }

  #exportLog(): ExportQueue<LogItem> {
    const { source, logTap } = this.#parts;
    const queue = this.#createQueue<LogItem>("logs", {
      encode: (items) => encodeLogs(source, items),
      sizeOf: (item) => item.length,
      countOf: () => 1,
    });
    const leave = logTap.read((line) => queue.add(line));
    this.#closers.push(async () => {
      leave();
      await queue.close();
    });
    return queue;
  }

  #exportMetrics(): void {
    const state: { sending: Promise<void> | undefined } = { sending: undefined };
    const send = () => {
      state.sending ??= this.#sendMetrics().finally(() => {
        state.sending = undefined;
      });
      return state.sending;
    };
    const timer = setInterval(() => void send(), this.#parts.metricIntervalMs);
    timer.unref();
    void send();
    this.#closers.push(async () => {
      clearInterval(timer);
      await state.sending;
      await send();
    });
  }

  /** Never rejects. Values that were not taken are not kept: the next ones count from the same beginning. */
  async #sendMetrics(): Promise<void> {
    const { source, registry, startedAtMs, metrics } = this.#parts;
    let count = 0;
    try {
      await this.#parts.askOthers();
      const all = registry.metrics();
      count = all.length;
      const request = encodeMetrics(source, all, { startedAtMs, nowMs: Date.now() });
      const receipt = await this.#send("metrics", request);
      if (isPartial(receipt)) this.#notePartial("metrics", receipt);
      metrics.telemetryExported.series("metrics").add(count);
    } catch (thrown) {
      metrics.telemetryDropped.series("metrics").add(count);
      this.#noteFailure("metrics", toPlatformError(thrown));
    }
  }

  #createQueue<Item>(signal: keyof typeof limits, { encode, ...items }: ItemCodec<Item>): ExportQueue<Item> {
    const { metrics } = this.#parts;
    const exported = metrics.telemetryExported.series(signal);
    const dropped = metrics.telemetryDropped.series(signal);
    return new ExportQueue<Item>({
      ...limits[signal],
      intervalMs,
      ...items,
      send: (batch) => this.#send(signal, encode(batch)),
      onSent: (count) => exported.add(count),
      onPartial: (receipt) => this.#notePartial(signal, receipt),
      onDropped: (count) => dropped.add(count),
      onFailure: (error) => this.#noteFailure(signal, error),
    });
  }

  async #send(signal: TelemetrySignal, request: Buffer): Promise<TelemetryReceipt> {
    const receipt = await this.#parts.sender.send(signal, request, this.#stopping.signal);
    if (this.#failures.delete(signal)) this.#parts.log.info("opentelemetry.export_resumed", { signal });
    if (!isPartial(receipt)) this.#said.delete(signal);
    return receipt;
  }

  /** The log is told of the first in a row of the same: the line may be among what the collector does not keep. */
  #notePartial(signal: TelemetrySignal, { rejected, message }: TelemetryReceipt): void {
    this.#parts.metrics.telemetryRejected.series(signal).add(rejected);
    if (this.#said.get(signal) === message) return;
    this.#said.set(signal, message);
    this.#parts.log.warn("opentelemetry.partly_rejected", { signal, rejected, collector_says: message });
  }

  /** The log is told of the first failure in a row only: it may be on its way to the same collector. */
  #noteFailure(signal: TelemetrySignal, error: PlatformError): void {
    const isFirst = !this.#failures.has(signal);
    this.#failures.set(signal, error);
    this.#parts.metrics.telemetryFailures.series(signal).add();
    if (isFirst) this.#parts.log.warn("opentelemetry.export_failed", { signal, error });
  }
}

function isPartial({ rejected, message }: TelemetryReceipt): boolean {
  return rejected > 0 || message !== "";
}
