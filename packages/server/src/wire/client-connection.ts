import { PlatformError } from "@llm-platform/kit";
import type { Socket } from "node:net";
import type { AdoptedSocket, OnRead } from "./adopt-socket.ts";
import type { Timed } from "./deadlines.ts";
import { FastReply, type ReplyCarrier } from "./fast-reply.ts";
import { GrowingBody } from "./growing-body.ts";
import { HeadMemo } from "./head-memo.ts";
import type { HttpHead } from "./http-head.ts";
import { headTimeoutMs, keepAliveTimeoutMs, longestHeadBytes, requestTimeoutMs } from "./http-limits.ts";
import type { ClientReply } from "./client-reply.ts";
import { bodyBuffer } from "./body-buffer.ts";
import { writeMessage } from "./message-writer.ts";
import { TurnQueue } from "./turn-queue.ts";

/** An endpoint that the fast lane serves. */
export interface FastRoute {
  /** A body that says it is longer is node:http's to refuse. */
  readonly maxBodyBytes: number;
  /**
   * Judges the head before the body is read. Returns what serves the request, or undefined when node:http is to answer.
   * @param peer address of the connection's other end
   */
  admit(head: HttpHead, peer: string): FastService | undefined;
}

/** Serves one request. It must not throw. */
export interface FastService {
  serve(body: Buffer, reply: ClientReply): void;
}

/** Whom a connection belongs to. */
export interface ClientConnectionOwner {
  /** Whether replies end their connections. */
  readonly isLettingGo: boolean;
  /** Whether connections that bring no request end. */
  readonly isClosing: boolean;
  findRoute(path: string): FastRoute | undefined;
  /** A request begins. */
  countRequest(): void;
  /** Takes the connection over for good, with the bytes of a request that has not been begun. */
  handOver(connection: ClientConnection, socket: Socket): void;
  /** The text of an answer to a request that did not arrive in time. */
  formatTimeout(error: PlatformError): string;
  onClose(connection: ClientConnection): void;
}

const headEnd = Buffer.from("\r\n\r\n");
const requestStart = Buffer.from("POST /");
const noBytes = Buffer.alloc(0);

/** Connections of which a request was read in this turn. */
const begun = new TurnQueue<ClientConnection>((connection) => connection.serve());

type Phase = "idle" | "head" | "body" | "reply";

/**
 * One accepted connection on the fast lane: a request with a length, its reply, then the next (RFC 9112 section 9.3).
 * Requests that arrive early wait in the connection, unread. At the first that the lane does not take, the connection
 * goes to node:http with every byte from that request on, and stays there.
 */
export class ClientConnection implements ReplyCarrier, Timed {
  place = -1;
  /** Address of the other end, as it was when the connection was accepted. */
  readonly peer: string;
  readonly #owner: ClientConnectionOwner;
  readonly #adopted: AdoptedSocket;
  readonly #socket: Socket;
  #phase: Phase = "idle";
  /** Monotonic time at which the phase was first looked at; undefined before that, so that no call asks for the time. */
  #sinceMs: number | undefined;
  readonly #heads = new HeadMemo();
  /** Bytes that were read and belong to no request yet. */
  #early: Buffer = noBytes;
  #body: GrowingBody | undefined;
  /** The request that is to be served at the end of this turn. */
  #request: Buffer = noBytes;
  #service: FastService | undefined;
  #isNew = true;
  #isLastRequest = false;
  #reply: FastReply | undefined;
  #isPaused = false;
  #isGone = false;

  constructor(
    owner: ClientConnectionOwner,
    { socket: accepted, peer }: { readonly socket: Socket; readonly peer: string },
    adopt: (accepted: Socket, onRead: OnRead) => AdoptedSocket,
  ) {
    this.#owner = owner;
    this.peer = peer;
    this.#adopted = adopt(accepted, (read) => this.#onRead(read));
    const socket = this.#adopted.socket;
    this.#socket = socket;
    socket.on("error", this.#onBroken);
    // A client that shuts its half down has left: as with node:http, nobody waits for the reply.
    socket.on("end", this.#onBroken);
    socket.on("close", this.#onBroken);
    socket.on("drain", this.#onDrain);
  }

  /**
   * Whether it carries no request and can be closed. One that was accepted a moment ago, until its deadline is looked at
   * for the second time, cannot: its first request is likely on its way, and would be lost without an answer.
   */
  get isIdle(): boolean {
    return this.#phase === "idle" && !this.#isNew;
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  get isLast(): boolean {
    return this.#isLastRequest || this.#owner.isLettingGo;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  writeMessage(head: string, body: Uint8Array): void {
    writeMessage(this.#socket, { head: noBytes, rest: head, body });
  }

  /** Has the request that was read served, unless the client left meanwhile. */
  serve(): void {
    const body = this.#request;
    const service = this.#service;
    this.#request = noBytes;
    this.#service = undefined;
    if (this.#reply?.isOpen === true) service?.serve(body, this.#reply);
  }

  finish(): void {
    this.#reply = undefined;
    if (this.isLast) {
      this.#socket.destroySoon();
      return;
    }
    this.#enter("idle");
    if (this.#early.length > 0 || this.#isPaused) process.nextTick(this.#takeEarly);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  checkDeadline(nowMs: number): void {
    if (this.#sinceMs !== undefined) this.#isNew = false;
    this.#sinceMs ??= nowMs;
    const waitedMs = nowMs - this.#sinceMs;
    if (this.#phase === "idle") {
      // One that was spared when the others were closed, and brought no request since.
      if (waitedMs > (this.#owner.isClosing ? 0 : keepAliveTimeoutMs)) this.#socket.destroy();
    } else if (
      this.#phase !== "reply" &&
      waitedMs > (this.#phase === "head" ? headTimeoutMs : requestTimeoutMs)
    ) {
      const error = new PlatformError("request_timeout", "The request did not arrive in time.");
      this.#socket.write(this.#owner.formatTimeout(error));
      this.#socket.destroySoon();
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#sinceMs = undefined;
  }

  #onRead(read: Buffer): void {
    if (this.#isGone) return;
    switch (this.#phase) {
      case "reply":
        this.#keepEarly(read);
        return;
      case "body":
        this.#readBody(read);
        return;
      case "idle":
        this.#readHead(read, false);
        return;
      default:
        this.#readHead(Buffer.concat([this.#early, read]), true);
    }
  }

  /** @param isOwned whether the bytes may be kept as they are */
  #readHead(bytes: Buffer, isOwned: boolean): void {
    this.#early = noBytes;
    const matched = this.#heads.match(bytes);
    const end = matched < 0 ? bytes.indexOf(headEnd) : matched - headEnd.length;
    if (end < 0 && bytes.length <= longestHeadBytes && isRequestStart(bytes)) {
      this.#early = isOwned ? bytes : Buffer.from(bytes);
      if (this.#phase !== "head") this.#enter("head");
      return;
    }
    const head = matched < 0 ? this.#readNewHead(bytes, end) : this.#heads.last;
    const route = head === undefined ? undefined : this.#owner.findRoute(head.path);
    const isTooLong = head === undefined || route === undefined || head.contentLength > route.maxBodyBytes;
    const service = isTooLong ? undefined : route.admit(head, this.peer);
    if (head === undefined || service === undefined) {
      this.#handOver(bytes);
      return;
    }
    this.#service = service;
    this.#isLastRequest = head.isLast;
    const bodyStart = end + headEnd.length;
    const bodyEnd = bodyStart + head.contentLength;
    if (bytes.length >= bodyEnd) {
      if (bytes.length > bodyEnd) this.#early = Buffer.from(bytes.subarray(bodyEnd));
      const body = bodyBuffer(head.contentLength);
      bytes.copy(body, 0, bodyStart, bodyEnd);
      this.#begin(body);
      return;
    }
    this.#enter("body");
    this.#body = new GrowingBody(head.contentLength);
    this.#body.add(bytes.subarray(bodyStart));
  }

  #readNewHead(bytes: Buffer, end: number): HttpHead | undefined {
    return end < 0 || end > longestHeadBytes ? undefined : this.#heads.read(bytes, end);
  }

  #readBody(read: Buffer): void {
    const body = this.#body;
    if (body === undefined) return;
    const taken = body.add(read);
    if (!body.isWhole) return;
    this.#body = undefined;
    if (taken < read.length) this.#early = Buffer.from(read.subarray(taken));
    this.#begin(body.take());
  }

  #begin(body: Buffer): void {
    this.#phase = "reply";
    this.#isNew = false;
    this.#owner.countRequest();
    this.#request = body;
    this.#reply = new FastReply(this);
    begun.add(this);
  }

  /** A request that comes before the reply to the one before it waits, and what follows it stays with the client. */
  #keepEarly(read: Buffer): void {
    this.#early = this.#early.length === 0 ? Buffer.from(read) : Buffer.concat([this.#early, read]);
    this.#isPaused = true;
    this.#socket.pause();
  }

  readonly #takeEarly = (): void => {
    if (this.#isGone || this.#phase !== "idle") return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (this.#early.length > 0) this.#readHead(this.#early, true);
  };

  #handOver(bytes: Buffer): void {
    this.#isGone = true;
    const socket = this.#socket;
    socket.off("error", this.#onBroken);
    socket.off("end", this.#onBroken);
    socket.off("close", this.#onBroken);
    socket.off("drain", this.#onDrain);
    this.#owner.handOver(this, this.#adopted.release(Buffer.from(bytes)));
  }

  readonly #onBroken = (): void => {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    this.#early = noBytes;
    this.#body = undefined;
    this.#owner.onClose(this);
    this.#reply?.noteGone();
  };

  readonly #onDrain = (): void => this.#reply?.noteDrain();
}

/** Whether bytes can still become a request line of the fast lane. */
function isRequestStart(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, requestStart.length);
  return bytes.compare(requestStart, 0, length, 0, length) === 0;
}
