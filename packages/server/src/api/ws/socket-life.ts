import type { Socket } from "node:net";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { WebSocket } from "ws";
import type { Permission } from "../../core/permissions.ts";
import type { NumberSeries } from "../../telemetry/metric-family.ts";
import { createPingBound, tooManyPings } from "../ping-bound.ts";
import type { SocketCaller } from "./admission.ts";
import type { ChannelName } from "./channels.ts";
import { closeCodes } from "./close-codes.ts";
import { Connection } from "./connection.ts";
import { type FrameHandlerParts, handleMessage } from "./frame-handler.ts";
import type { SharedBodies } from "./server-frames.ts";
import { Session } from "./session.ts";
import { gone, resumeSeconds, type Sessions } from "./sessions.ts";

/** Series of one channel. */
export interface ChannelCounts {
  readonly connections: NumberSeries;
  readonly received: NumberSeries;
  readonly sent: NumberSeries;
  closed(code: number): NumberSeries;
}

export interface SocketLifeParts extends Omit<FrameHandlerParts, "resume"> {
  readonly sessions: Sessions;
  readonly bodies: SharedBodies;
  readonly counts: Readonly<Record<ChannelName, ChannelCounts>>;
  newSessionId(): string;
  /** Wall time. */
  readonly wallMs: () => number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** A number of [0, 1). */
  readonly random: () => number;
}

export interface OpenedSocket {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly channel: ChannelName;
  readonly caller: SocketCaller;
}

/** The connection was lost, and not ended by the client: it may come again. */
const lostCode = 1006;
const longestRetryMs = 5_000;

/** The life of one connection, from its first frame on. */
export class SocketLife {
  readonly #parts: SocketLifeParts;
  readonly #opened: OpenedSocket;
  readonly connection: Connection;
  session: Session;
  readonly #unasked = createPingBound();
  #isGivenUp = false;

  constructor(parts: SocketLifeParts, opened: OpenedSocket) {
    this.#parts = parts;
    this.#opened = opened;
    const { webSocket, socket, channel } = opened;
    const counts = parts.counts[channel];
    this.connection = new Connection({ webSocket, socket, sent: counts.sent, nowMs: parts.nowMs });
    this.session = this.#openSession();
    counts.connections.add();
    const handler: FrameHandlerParts = {
      ...parts,
      resume: (id, lastSeq) => this.#resume(id, lastSeq),
    };
    webSocket.on("message", (data, isBinary) => {
      this.connection.heardAtMs = parts.nowMs();
      counts.received.add();
      // With the default `binaryType` a message is one Buffer.
      if (Buffer.isBuffer(data))
        handleMessage(this.session, this.connection, { data, isBinary, parts: handler });
    });
    // The library answers it.
    webSocket.on("ping", () => this.#onUnasked());
    webSocket.on("pong", () => {
      if (this.connection.takePong()) this.connection.heardAtMs = parts.nowMs();
      else this.#onUnasked();
      this.session.onPong();
    });
    // A frame that is against the protocol ends the connection; `close` tells of it.
    webSocket.on("error", () => undefined);
    webSocket.once("close", (code) => this.#onClose(code));
  }

  /** A ping has come, or a pong that nobody asked for: what costs as much as a frame that says something, and says nothing. */
  #onUnasked(): void {
    const nowMs = this.#parts.nowMs();
    this.connection.heardAtMs = nowMs;
    if (this.#unasked.take(nowMs)) return;
    this.connection.close(closeCodes.tooManyPings, tooManyPings);
  }

  /** Pings, or cuts off a client that has given no sign of life for so long; its calls end with it. */
  beat(silentMs: number): void {
    if (this.#parts.nowMs() - this.connection.heardAtMs > silentMs) this.#giveUp();
    else this.session.ping();
  }

  /** Looks whether the caller may still be here. Never rejects. */
  async recheck(permission: Permission): Promise<void> {
    const { caller } = this.session;
    try {
      caller.principal = await caller.identify();
      if (caller.principal.permissions.has(permission)) return;
      this.#refuse(
        closeCodes.forbidden,
        new PlatformError("forbidden", "The caller may not use this channel any more."),
      );
    } catch (thrown) {
      const error = toPlatformError(thrown);
      // While the store does not answer, who was let in stays.
      if (error.code !== "unavailable") this.#refuse(closeCodes.unauthenticated, error);
    }
  }

  /** Says that the server stops, once no call goes on. */
  drain(): void {
    if (!this.session.isBusy) this.restart();
  }

  /** Says that the surface stops; the client comes again after a while that is not the same for all. */
  restart(): void {
    const waitMs = Math.ceil(this.#parts.random() * longestRetryMs);
    this.connection.close(closeCodes.restart, `retry_after_ms=${waitMs}`);
  }

  #openSession(): Session {
    const { sessions, bodies, wallMs, newSessionId, isClosing } = this.#parts;
    const { channel, caller } = this.#opened;
    const session = new Session({
      id: newSessionId(),
      channel,
      caller,
      bodies,
      nowMs: wallMs,
      onIdle: () => {
        if (isClosing()) this.restart();
      },
    });
    sessions.add(session);
    session.attach(this.connection);
    session.say("session.opened", { session: session.id, resume_seconds: resumeSeconds });
    return session;
  }

  #resume(id: string, lastSeq: number): void {
    const { sessions } = this.#parts;
    const fresh = this.session;
    const session = sessions.takeUp(id, fresh);
    fresh.detach(this.connection);
    sessions.end(fresh, gone());
    this.session = session;
    session.attach(this.connection);
    session.replay(lastSeq);
  }

  #refuse(code: number, error: PlatformError): void {
    this.#isGivenUp = true;
    this.#parts.sessions.end(this.session, error);
    this.connection.close(code, error.code);
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    this.connection.terminate();
  }

  #onClose(code: number): void {
    const { sessions, counts } = this.#parts;
    const { connections, closed } = counts[this.#opened.channel];
    connections.add(-1);
    closed(this.connection.endedWith ?? code).add();
    const { session } = this;
    if (session.connection !== this.connection) return;
    session.detach(this.connection);
    if (code === lostCode && !this.#isGivenUp && session.isWorthKeeping) sessions.keep(session);
    else sessions.end(session, gone());
  }
}
