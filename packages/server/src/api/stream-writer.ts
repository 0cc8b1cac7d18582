import type { ServerResponse } from "node:http";
import type { ByteSink, PlatformError, Reply } from "@llm-platform/kit";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import type { Deadlines, Timed } from "../wire/deadlines.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";

export interface StreamWriterInput {
  readonly call: GatewayCall;
  readonly response: ServerResponse;
  readonly surface: SurfaceDialect;
  readonly deadlines: Deadlines;
  readonly headerHoldMs: number;
  readonly heartbeatMs: number;
  headers(reply: Reply | undefined): string[];
}

/** What may wait in memory for a slow client before the upstream is paused. */
const mostBufferedBytes = 256 * 1024;

/**
 * Writes a streamed reply: one write for each piece that arrives.
 * Its head waits for the first content, so that an early failure keeps its true status, but not for ever.
 */
export class StreamWriter implements ByteSink, Timed {
  readonly #input: StreamWriterInput;
  #reply: Reply | undefined;
  #isOver = false;
  #lastWriteMs = performance.now();

  constructor(input: StreamWriterInput) {
    this.#input = input;
    input.deadlines.add(this);
    input.response.once("close", () => this.#finish());
  }

  get isStarted(): boolean {
    return this.#input.response.headersSent;
  }

  write(reply: Reply): void {
    const { response } = this.#input;
    if (this.#isOver || response.destroyed) {
      reply.body.cancel();
      return;
    }
    this.#reply = reply;
    this.#start(reply);
    response.on("drain", () => reply.body.resume());
    reply.body.read(this);
  }

  data(chunk: Uint8Array): void {
    const { response } = this.#input;
    this.#lastWriteMs = performance.now();
    if (!response.write(chunk) && response.writableLength > mostBufferedBytes) this.#reply?.body.pause();
  }

  end(): void {
    this.#finish();
    this.#input.response.end();
  }

  fail(error: PlatformError): void {
    const { response, surface, call } = this.#input;
    this.#finish();
    if (error.code === "client_cancelled") response.destroy();
    else response.end(surface.formatErrorFrame(error, call.id));
  }

  checkDeadline(nowMs: number): void {
    const { response, surface, headerHoldMs, heartbeatMs } = this.#input;
    if (this.#isOver || surface.heartbeat === undefined) return;
    const waitMs = response.headersSent ? heartbeatMs : headerHoldMs;
    if (nowMs - this.#lastWriteMs < waitMs) return;
    this.#lastWriteMs = nowMs;
    if (!response.headersSent) this.#start(undefined);
    response.write(surface.heartbeat);
  }

  #start(reply: Reply | undefined): void {
    const { response, surface, headers } = this.#input;
    if (response.headersSent) return;
    const list = headers(reply);
    list.push(
      "content-type",
      surface.streamContentType,
      "cache-control",
      "no-cache, no-transform",
      "x-accel-buffering",
      "no",
    );
    response.writeHead(200, list);
  }

  #finish(): void {
    this.#isOver = true;
    this.#input.deadlines.delete(this);
  }
}
