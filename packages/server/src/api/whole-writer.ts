import type { ByteSink, PlatformError, Reply } from "@llm-platform/kit";
import type { ClientReply } from "../wire/client-reply.ts";

export interface WholeWriterInput {
  readonly client: ClientReply;
  /** Header lines, each ended by CRLF. */
  headers(reply: Reply | undefined): string;
}

/** Writes a reply that is one JSON object, with its length, in one go. */
export class WholeWriter implements ByteSink {
  readonly #input: WholeWriterInput;
  #reply: Reply | undefined;
  #first: Uint8Array | undefined;
  #rest: Uint8Array[] | undefined;
  /** Nothing is sent before the reply is whole. */
  readonly isStarted = false;

  constructor(input: WholeWriterInput) {
    this.#input = input;
  }

  write(reply: Reply): void {
    this.#reply = reply;
    reply.body.read(this);
  }

  data(chunk: Uint8Array): void {
    if (this.#first === undefined) this.#first = chunk;
    else (this.#rest ??= [this.#first]).push(chunk);
  }

  end(): void {
    const { client, headers } = this.#input;
    const lines = `${headers(this.#reply)}content-type: application/json\r\n`;
    client.send(200, lines, this.#rest === undefined ? (this.#first ?? empty) : Buffer.concat(this.#rest));
  }

  leave(): void {
    this.#first = undefined;
    this.#rest = undefined;
  }

  fail(_error: PlatformError): void {
    // The gateway resolves a whole reply only when it is complete, so this is a client that has gone.
    this.#input.client.destroy();
  }
}

const empty = Buffer.alloc(0);
