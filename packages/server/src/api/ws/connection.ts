import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { NumberSeries } from "../../telemetry/metric-family.ts";
import { closeCodes } from "./close-codes.ts";

/** What may wait for a client that does not read; one for which more waits is let go. */
const mostBufferedBytes = 4 * 1024 * 1024;
/** What is left in memory of a client that was told why it is let go, and does not read that either. */
const lastWordsMs = 5_000;
const longestReasonBytes = 123;

export interface ConnectionParts {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly sent: NumberSeries;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** One WebSocket, as far as writing to it goes. */
export class Connection {
  readonly #parts: ConnectionParts;
  /** When the client last gave a sign of life. */
  heardAtMs: number;
  /** Frames in a row that were not understood. */
  strikes = 0;
  /** The code that it was ended with here, whether or not the client read it; undefined while it was not. */
  endedWith: number | undefined;
  #onRoom: (() => void) | undefined;
  /** Pings that were not answered. A client may answer several with one pong (RFC 6455 section 5.5.3). */
  #pingsOut = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.heardAtMs = parts.nowMs();
    parts.socket.on("drain", () => this.#onRoom?.());
  }

  /** Calls `listener` each time that what waited has gone out. */
  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  /** Whether the client reads as fast as it is told. Who writes on nevertheless is bounded by `send`. */
  get hasRoom(): boolean {
    return !this.#parts.socket.writableNeedDrain;
  }

  send(text: string): void {
    const { webSocket, sent } = this.#parts;
    if (webSocket.readyState !== webSocket.OPEN) return;
    if (webSocket.bufferedAmount + text.length > mostBufferedBytes) {
      this.close(closeCodes.tooSlow, "The client does not read what it asked for.");
      return;
    }
    webSocket.send(text);
    sent.add();
  }

  ping(): void {
    const { webSocket } = this.#parts;
    if (webSocket.readyState !== webSocket.OPEN) return;
    webSocket.ping();
    this.#pingsOut++;
  }

  /** A pong has come. Returns false for one that answers no ping. */
  takePong(): boolean {
    if (this.#pingsOut === 0) return false;
    this.#pingsOut--;
    return true;
  }

  /** Begins to end it. A client that does not answer is cut off. */
  close(code: number, reason: string): void {
    const { webSocket } = this.#parts;
    if (webSocket.readyState !== webSocket.OPEN) return;
    this.endedWith = code;
    webSocket.close(code, reason.slice(0, longestReasonBytes));
    setTimeout(() => webSocket.terminate(), lastWordsMs).unref();
  }

  terminate(): void {
    this.#parts.webSocket.terminate();
  }
}
