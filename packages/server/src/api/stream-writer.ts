import type { PlatformError, Reply } from "@llm-platform/kit";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import { type ClientReply, headerLine } from "../wire/client-reply.ts";
import type { Deadlines, Timed } from "../wire/deadlines.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";

export interface StreamWriterParts {
  readonly deadlines: Deadlines;
  /** How long the head of a stream waits for content before it is sent without. */
  readonly headerHoldMs: number;
  readonly heartbeatMs: number;
}

export interface StreamWriterInput {
  readonly call: GatewayCall;
  readonly client: ClientReply;
  readonly endpoint: { readonly surface: SurfaceDialect };
  readonly parts: StreamWriterParts;
  /** Header lines, each ended by CRLF. */
  headers(reply: Reply | undefined): string;
}

/** What may wait in memory for a slow client before the upstream is paused. */
const mostBufferedBytes = 256 * 1024;

/**
 * Writes a streamed reply: one write for each piece that arrives.
 * Its head waits for the first content, so that an early failure keeps its true status, but not for ever.
 */
export class StreamWriter implements ReplyWriter, Timed {
  place = -1;
  readonly #input: StreamWriterInput;
  #reply: Reply | undefined;
  #isOver = false;
  #lastWriteMs = performance.now();

  constructor(input: StreamWriterInput) {
    this.#input = input;
    input.parts.deadlines.add(this);
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
    reply.body.read(this);
  }

  resume(): void {
    this.#reply?.body.resume();
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
    const { client, endpoint, call } = this.#input;
    this.#finish();
    if (error.code === "client_cancelled") {
      client.destroy();
      return;
    }
    client.write(Buffer.from(endpoint.surface.formatErrorFrame(error, call.id)));
    client.end();
  }

  checkDeadline(nowMs: number): void {
    const { client, parts, endpoint } = this.#input;
    const { heartbeat } = endpoint.surface;
    if (this.#isOver || heartbeat === undefined) return;
    const waitMs = client.isStarted ? parts.heartbeatMs : parts.headerHoldMs;
    if (nowMs - this.#lastWriteMs < waitMs) return;
    this.#lastWriteMs = nowMs;
    if (!client.isStarted) this.#start(undefined);
    client.write(heartbeat);
  }

  #start(reply: Reply | undefined): void {
    const { client, endpoint } = this.#input;
    if (client.isStarted) return;
    const type = headerLine("content-type", endpoint.surface.streamContentType);
    client.start(
      200,
      `${this.#input.headers(reply)}${type}cache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n`,
    );
  }

  #finish(): void {
    this.#isOver = true;
    this.#input.parts.deadlines.delete(this);
  }
}
