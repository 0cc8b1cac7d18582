import type { PlatformError, Reply } from "@llm-platform/kit";
import type { ClientReply } from "../wire/client-reply.ts";
import type { ReplyWriter } from "./reply-writer.ts";

export interface WholeWriterInput {
  readonly client: ClientReply;
  /** Header lines, each ended by CRLF. */
  headers(reply: Reply | undefined): string;
}

/** Writes a reply that is one JSON object, with its length, in one go. */
export class WholeWriter implements ReplyWriter {
  readonly #input: WholeWriterInput;
  #reply: Reply | undefined;
  #first: Uint8Array | undefined;
  #rest: Uint8Array[] | undefined;

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
    const lines = `${this.#input.headers(this.#reply)}content-type: application/json\r\n`;
    const body = this.#rest === undefined ? (this.#first ?? empty) : Buffer.concat(this.#rest);
    this.#input.client.send(200, lines, body);
  }

  leave(): void {
    this.#first = undefined;
    this.#rest = undefined;
  }

  fail(_error: PlatformError): void {
    // The gateway resolves a whole reply only when it is complete, so this is a client that has gone.
    this.#input.client.destroy();
  }

  resume(): void {
    // It goes out in one piece: there is nothing that waits to follow.
  }
}

const empty = Buffer.alloc(0);
