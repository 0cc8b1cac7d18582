import type { ServerResponse } from "node:http";
import type { ByteSink, PlatformError, Reply } from "@llm-platform/kit";

export interface WholeWriterInput {
  readonly response: ServerResponse;
  headers(reply: Reply | undefined): string[];
}

/** Writes a reply that is one JSON object, with its length, in one go. */
export class WholeWriter implements ByteSink {
  readonly #input: WholeWriterInput;
  #reply: Reply | undefined;
  #chunks: Buffer[] = [];
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
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }

  end(): void {
    const { response, headers } = this.#input;
    if (response.destroyed) return;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    const list = headers(this.#reply);
    list.push("content-type", "application/json", "content-length", String(body.length));
    response.writeHead(200, list);
    response.end(body);
  }

  fail(_error: PlatformError): void {
    // The gateway resolves a whole reply only when it is complete, so this is a client that has gone.
    this.#input.response.destroy();
  }
}
