import type { ServerResponse } from "node:http";
import { type ClientReply, type ReplyWatcher, splitHeaderLines } from "../wire/client-reply.ts";

/** A reply by node:http. */
export class HttpReply implements ClientReply {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  send(status: number, headers: string, body: Uint8Array): void {
    if (this.isStarted || !this.isOpen) return;
    this.#response.writeHead(status, [...splitHeaderLines(headers), "content-length", String(body.length)]);
    this.#response.end(body);
  }

  start(status: number, headers: string): void {
    if (!this.isStarted && this.isOpen) this.#response.writeHead(status, splitHeaderLines(headers));
  }

  write(chunk: Uint8Array): void {
    this.#response.write(chunk);
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  watch(watcher: ReplyWatcher): void {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished) watcher.onGone();
    });
    this.#response.on("drain", () => watcher.onDrain());
  }
}
