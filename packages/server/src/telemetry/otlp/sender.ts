/** What is told to a collector. */
export type TelemetrySignal = "traces" | "metrics" | "logs";

/** The way to a collector, over HTTP or gRPC. */
export interface TelemetrySender {
  /**
   * Sends one export request. Rejects with PlatformError; `isRetryable` where the same request may be sent again.
   * @param request in Protocol Buffers
   */
  send(signal: TelemetrySignal, request: Buffer, abort: AbortSignal): Promise<void>;
  close(): void;
}
