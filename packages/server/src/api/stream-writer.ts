import type { ByteSink, PlatformError, Reply } from "@llm-platform/kit";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import { type ClientReply, headerLine } from "../wire/client-reply.ts";
import type { Deadlines, Timed } from "../wire/deadlines.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";

export interface StreamWriterInput {
  readonly call: GatewayCall;
  readonly client: ClientReply;
  readonly surface: SurfaceDialect;
  readonly deadlines: Deadlines;
  readonly headerHoldMs: number;
  readonly heartbeatMs: number;
  /** Header lines, each ended by CRLF. */
  headers(reply: Reply | undefined): string;
}

/** What may wait in memory for a slow client before the upstream is paused. */
const mostBufferedBytes = 256 * 1024;

/**
 * Writes a streamed reply: one write for each piece that arrives.
 * Its head waits for the first content, so that an early failure keeps its true status, but not for ever.
 */
export class StreamWriter implements ByteSink, Timed {
  place = -1;
  readonly #input: StreamWriterInput;
  #reply: Reply | undefined;
  #isOver = false;
  #lastWriteMs = performance.now();

  constructor(input: StreamWriterInput) {
    this.#input = input;
    input.deadlines.add(this);
  }

  get isStarted(): boolean {
    return this.#input.client.isStarted;
  }

  /** The client left: nothing more is written. */
  leave(): void {
    this.#finish();
  }

  write(reply: Reply): void {
    const { client } = this.#input;
    if (this.#isOver || !client.isOpen) {
      reply.body.cancel();
      return;
    }
    this.#reply = reply;
    this.#start(reply);
    client.onDrain(() => reply.body.resume());
    reply.body.read(this);
  }

  data(chunk: Uint8Array): void {
    const { client } = this.#input;
    this.#lastWriteMs = performance.now();
    client.write(chunk);
    if (client.waitingBytes > mostBufferedBytes) this.#reply?.body.pause();
  }

  end(): void {
    this.#finish();
    this.#input.client.end();
  }

  fail(error: PlatformError): void {
    const { client, surface, call } = this.#input;
    this.#finish();
    if (error.code === "client_cancelled") {
      client.destroy();
      return;
    }
    client.write(Buffer.from(surface.formatErrorFrame(error, call.id)));
    client.end();
  }

  checkDeadline(nowMs: number): void {
    const { client, surface, headerHoldMs, heartbeatMs } = this.#input;
    if (this.#isOver || surface.heartbeat === undefined) return;
    const waitMs = client.isStarted ? heartbeatMs : headerHoldMs;
    if (nowMs - this.#lastWriteMs < waitMs) return;
    this.#lastWriteMs = nowMs;
    if (!client.isStarted) this.#start(undefined);
    client.write(surface.heartbeat);
  }

  #start(reply: Reply | undefined): void {
    const { client, surface, headers } = this.#input;
    if (client.isStarted) return;
    const type = headerLine("content-type", surface.streamContentType);
    client.start(
      200,
      `${headers(reply)}${type}cache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n`,
    );
  }

  #finish(): void {
    this.#isOver = true;
    this.#input.deadlines.delete(this);
  }
}
