import { type ClientReply, headerLine, type ReplyWatcher } from "../../../wire/client-reply.ts";
import type { Timed } from "../../../wire/deadlines.ts";
import type { StreamWriterParts } from "../../stream-writer.ts";
import { openAiDialect } from "../dialect.ts";

/** What may wait in memory for a slow client before the model is held back. */
const mostWaitingBytes = 256 * 1024;

export interface ResponseStreamInput {
  readonly client: ClientReply;
  readonly parts: StreamWriterParts;
  /** Header lines, each ended by CRLF. */
  headers(): string;
  /** What the stream begins with. */
  opening(): string;
  /** The client has left. */
  onGone(): void;
}

/** Writes a stream that is made event by event, and keeps its connection while there is nothing to write. */
export class ResponseStream implements ReplyWatcher, Timed {
  place = -1;
  readonly #input: ResponseStreamInput;
  #lastWriteMs = performance.now();
  #wake: (() => void) | undefined;

  constructor(input: ResponseStreamInput) {
    this.#input = input;
    input.client.watch(this);
    input.parts.deadlines.add(this);
  }

  /** Begins, unless it has. */
  begin(): void {
    const { client } = this.#input;
    if (client.isStarted) return;
    const type = headerLine("content-type", openAiDialect.streamContentType);
    client.start(
      200,
      `${this.#input.headers()}${type}cache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n`,
    );
    this.#write(Buffer.from(this.#input.opening()));
  }

  /** Resolves when the client is ready for more, or has gone. */
  async write(text: string): Promise<void> {
    if (text === "") return;
    this.#write(Buffer.from(text));
    const { client } = this.#input;
    if (!client.isOpen || client.waitingBytes <= mostWaitingBytes) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Nothing is written any more. */
  leave(): void {
    this.#input.parts.deadlines.delete(this);
  }

  onGone(): void {
    this.leave();
    this.onDrain();
    this.#input.onGone();
  }

  onDrain(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  checkDeadline(nowMs: number): void {
    const { client, parts } = this.#input;
    const waitMs = client.isStarted ? parts.heartbeatMs : parts.headerHoldMs;
    if (nowMs - this.#lastWriteMs < waitMs || !client.isOpen) return;
    if (!client.isStarted) this.begin();
    else if (openAiDialect.heartbeat !== undefined) this.#write(openAiDialect.heartbeat);
  }

  #write(bytes: Uint8Array): void {
    this.#lastWriteMs = performance.now();
    if (this.#input.client.isOpen) this.#input.client.write(bytes);
  }
}
