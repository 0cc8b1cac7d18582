import { Cancellation, PlatformError } from "@llm-platform/kit";
import type { FeedItem } from "../../control/feed.ts";
import type { Principal } from "../../core/principal.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { toOpenAiError } from "../error-envelope.ts";
import { goneClient } from "../model-caller.ts";
import type { SocketCaller } from "./admission.ts";
import type { ChannelName } from "./channels.ts";
import { closeCodes } from "./close-codes.ts";
import type { Connection } from "./connection.ts";
import { KeptFrames } from "./kept-frames.ts";
import { formatFrame, type ServerFrame, type ServerFrameType, type SharedBodies } from "./server-frames.ts";

export interface SessionParts {
  /** By it the session can be taken up; not to be guessed. */
  readonly id: string;
  readonly channel: ChannelName;
  readonly caller: SocketCaller;
  readonly bodies: SharedBodies;
  /** Wall time. */
  readonly nowMs: () => number;
  /** Told when it has nothing more to do for now. */
  onIdle(session: Session): void;
}

/** So much may go on at once: calls of models and operations, and feeds. */
const mostJobs = 64;
const mostFeeds = 32;
/** Characters that are kept for a client that may come back; calls of models wait then, and their upstreams with them. */
const mostKept = 1024 * 1024;
/** So that little is kept of what has come, a client is pinged when this much may be on the way. */
const pingAtLength = 16 * 1024;

/** What a client has going on, over connections that may be lost: frames are numbered, and sent again when it comes back. */
export class Session {
  readonly #parts: SessionParts;
  readonly #kept = new KeptFrames();
  readonly #jobs = new Map<string, Cancellation>();
  readonly #feeds = new Map<string, Cancellation>();
  #connection: Connection | undefined;
  #waiting: (() => void)[] = [];
  #seq = 0;
  #pingedSeq = 0;
  #isPinged = false;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.id;
  }

  get channel(): ChannelName {
    return this.#parts.channel;
  }

  get caller(): SocketCaller {
    return this.#parts.caller;
  }

  get principal(): Principal {
    return this.#parts.caller.principal;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Whether calls of models or operations go on. */
  get isBusy(): boolean {
    return this.#jobs.size > 0;
  }

  /** Whether a client that comes back would find something. */
  get isWorthKeeping(): boolean {
    return !this.#isOver && (this.isBusy || !this.#kept.isEmpty);
  }

  /** Whether a writer that can wait may go on. */
  get hasRoom(): boolean {
    if (this.#isOver) return true;
    return this.#kept.length < mostKept && this.#connection?.hasRoom !== false;
  }

  /** Resolves when there is room, or the session is over. */
  async whenRoom(): Promise<void> {
    while (!this.hasRoom)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
  }

  /** Begins something that a client may wait for over a lost connection. Throws PlatformError `conflict` or `rate_limited`. */
  beginJob(id: string): Cancellation {
    return begin(this.#jobs, { id, most: mostJobs, what: "calls" });
  }

  endJob(id: string): void {
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#parts.onIdle(this);
  }

  /** Throws PlatformError `not_found`. */
  cancelJob(id: string): void {
    cancel(this.#jobs, id, "call");
  }

  beginFeed(id: string): Cancellation {
    return begin(this.#feeds, { id, most: mostFeeds, what: "feeds" });
  }

  endFeed(id: string): void {
    this.#feeds.delete(id);
  }

  leaveFeed(id: string): void {
    cancel(this.#feeds, id, "feed");
  }

  /** Tells of a job; it is told again after a lost connection. */
  tell(type: ServerFrameType, id: string, data: object): void {
    this.#send({ type, id, body: JSON.stringify(data) }, true);
  }

  /** Tells of the connection as it is now. */
  say(type: ServerFrameType, data: object, id?: string): void {
    this.#send({ type, id, body: JSON.stringify(data) }, false);
  }

  sayItem(id: string, item: FeedItem): void {
    const body = this.#parts.bodies.textOf(item.data);
    this.#send({ type: item.type, id, body, itemId: item.id }, false);
  }

  sayError(type: "error" | "feed.error", error: PlatformError, id?: string): void {
    this.say(type, toOpenAiError(error, newRequestId()), id);
  }

  /** @param connection a new one; another that it has still is ended */
  attach(connection: Connection): void {
    this.#connection?.close(closeCodes.takenOver, "Another connection has taken the session over.");
    this.#connection = connection;
    this.#isPinged = false;
    connection.onRoom(() => this.#wake());
    this.#wake();
  }

  /** Sends again what came since `lastSeq`; calls of which something is lost end. */
  replay(lastSeq: number): void {
    const isComplete = lastSeq >= this.#kept.lostSeq;
    if (!isComplete) this.#cancelJobs(lostFrames());
    this.release(lastSeq);
    for (const { text } of this.#kept.after(lastSeq)) this.#connection?.send(text);
    this.say("session.resumed", { session: this.id, is_complete: isComplete });
  }

  /** The connection is lost. Feeds end: a client takes them up itself. */
  detach(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    for (const each of this.#feeds.values()) each.cancel(goneClient());
    this.#wake();
  }

  /** Pings; once the pong is there, everything that was sent before has come. */
  ping(): void {
    this.#pingedSeq = this.#seq;
    this.#isPinged = true;
    this.#connection?.ping();
  }

  onPong(): void {
    this.#isPinged = false;
    this.release(this.#pingedSeq);
  }

  /** The client has everything up to `seq`. */
  release(seq: number): void {
    this.#kept.release(seq);
    this.#wake();
  }

  /** Gives up everything that goes on. */
  end(reason: PlatformError): void {
    this.#isOver = true;
    this.#cancelJobs(reason);
    for (const each of this.#feeds.values()) each.cancel(goneClient());
    this.#wake();
  }

  #cancelJobs(reason: PlatformError): void {
    for (const each of this.#jobs.values()) each.cancel(reason);
  }

  #send(frame: ServerFrame, isKept: boolean): void {
    const seq = ++this.#seq;
    const text = formatFrame(frame, seq, this.#parts.nowMs());
    // Results of operations do not wait, and so have a bound of their own.
    if (isKept && !this.#isOver) this.#kept.add({ seq, text }, 2 * mostKept);
    this.#connection?.send(text);
    if (!this.#isPinged && this.#kept.length > pingAtLength) this.ping();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

interface Beginning {
  readonly id: string;
  readonly most: number;
  readonly what: string;
}

function begin(table: Map<string, Cancellation>, { id, most, what }: Beginning): Cancellation {
  if (table.has(id)) {
    throw new PlatformError("conflict", "Something of this id goes on already. Choose another id.", {
      field: "id",
    });
  }
  if (table.size >= most)
    throw new PlatformError(
      "rate_limited",
      `One connection has ${most} ${what} at once at most. Let one end first.`,
    );
  const cancellation = new Cancellation();
  table.set(id, cancellation);
  return cancellation;
}

function cancel(table: Map<string, Cancellation>, id: string, what: string): void {
  const cancellation = table.get(id);
  if (cancellation === undefined)
    throw new PlatformError("not_found", `No ${what} of this id goes on here.`, { field: "id" });
  cancellation.cancel(goneClient());
}

function lostFrames(): PlatformError {
  return new PlatformError(
    "client_cancelled",
    "The client came back too late: something of the reply is not kept any more. Start the call again.",
  );
}
