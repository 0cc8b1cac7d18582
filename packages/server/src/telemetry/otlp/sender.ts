/** What is told to a collector. */
export type TelemetrySignal = "traces" | "metrics" | "logs";

/** What a collector answered to a request that it took. */
export interface TelemetryReceipt {
  /** How many spans, metric points or lines of it were not kept. */
  readonly rejected: number;
  /** Why, or what else the collector says; empty for nothing. */
  readonly message: string;
}

/** The way to a collector, over HTTP or gRPC. */
export interface TelemetrySender {
  /**
   * Sends one export request. Rejects with PlatformError; `isRetryable` where the same request may be sent again,
   * `retryAfterMs` where the collector says when.
   * @param request in Protocol Buffers
   */
  send(signal: TelemetrySignal, request: Buffer, abort: AbortSignal): Promise<TelemetryReceipt>;
  close(): void;
}
