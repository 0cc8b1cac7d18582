import { Http2Connection, type Http2ConnectionParts } from "../../wire/http2-connection.ts";
import { http2Codes } from "../../wire/http2-error.ts";

/** A connection that is to be served. */
export type NewConnection = Pick<
  Http2ConnectionParts,
  "socket" | "huffman" | "maxConcurrentStreams" | "onStream" | "onFault"
>;

export interface SessionParts {
  /** After which time without a sign of life a client is asked for one, and how long it may take to answer. */
  readonly keepAliveMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How old a connection may get, give or take a tenth, before its client is sent for another; undefined for ever. */
  readonly maxAgeMs: number | undefined;
  readonly random: () => number;
}

/** How often connections are looked after. */
const tickMs = 1_000;
/** A connection that nobody has used for this long is given up. */
const mostIdleMs = 10 * 60_000;
/** Who asks for signs of life more often than this, without anything being sent to it, is sent away. */
const shortestPingMs = 10_000;
const mostPingStrikes = 3;
/** Until a client has heard that it is to go elsewhere: what it began meanwhile is still served. */
const goAwayGraceMs = 200;
interface Life {
  readonly connection: Http2Connection;
  readonly endsMs: number;
  /** When a call last began or ended on it. */
  usedMs: number;
  /** When it last gave a sign of life. */
  aliveMs: number;
  pingedMs: number | undefined;
  strikes: number;
  isLeaving: boolean;
}

/** Looks after the connections of a server: that both ends live, do not grow too old, and part in peace. */
export class Sessions {
  readonly #parts: SessionParts;
  readonly #lives = new Set<Life>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#tick(performance.now()), tickMs);
    this.#timer.unref();
  }

  get count(): number {
    return this.#lives.size;
  }

  /** Serves a connection of which nothing was read. */
  add(parts: NewConnection): void {
    const nowMs = performance.now();
    const { maxAgeMs, random } = this.#parts;
    const life: Life = {
      connection: new Http2Connection({
        ...parts,
        onStream(stream) {
          use(life);
          parts.onStream(stream);
        },
        onStreamEnd: () => use(life),
        onPing: () => this.#onPing(life),
        onPong() {
          life.pingedMs = undefined;
          life.aliveMs = performance.now();
        },
        onClose: () => this.#lives.delete(life),
      }),
      endsMs: maxAgeMs === undefined ? Number.POSITIVE_INFINITY : nowMs + maxAgeMs * (0.9 + 0.2 * random()),
      usedMs: nowMs,
      aliveMs: nowMs,
      pingedMs: undefined,
      strikes: 0,
      isLeaving: false,
    };
    this.#lives.add(life);
  }

  /** Sends every client elsewhere. Calls that have begun go on. */
  leave(): void {
    for (const life of this.#lives) goAway(life);
  }

  destroy(): void {
    clearInterval(this.#timer);
    for (const { connection } of this.#lives) connection.destroy();
  }

  #onPing(life: Life): void {
    const nowMs = performance.now();
    const isSoon = nowMs - life.aliveMs < shortestPingMs;
    life.aliveMs = nowMs;
    if (!isSoon || life.connection.streamCount > 0) return;
    life.strikes++;
    if (life.strikes > mostPingStrikes)
      life.connection.finish(http2Codes.ENHANCE_YOUR_CALM, "too_many_pings");
  }

  #tick(nowMs: number): void {
    const { keepAliveMs, keepAliveTimeoutMs } = this.#parts;
    for (const life of this.#lives) {
      const { connection } = life;
      connection.endStalled(nowMs);
      const isUnused = connection.streamCount === 0 && nowMs - life.usedMs > mostIdleMs;
      if (nowMs > life.endsMs || isUnused) goAway(life);
      if (life.pingedMs !== undefined) {
        if (nowMs - life.pingedMs > keepAliveTimeoutMs) connection.destroy();
      } else if (nowMs - life.aliveMs > keepAliveMs) {
        life.pingedMs = nowMs;
        connection.ping();
      }
    }
  }
}

function use(life: Life): void {
  life.strikes = 0;
  life.usedMs = performance.now();
  life.aliveMs = life.usedMs;
}

/** Twice, as RFC 9113 section 6.8 has it: what was on its way when the client heard the first time is not lost. */
function goAway(life: Life): void {
  const { connection } = life;
  if (life.isLeaving || connection.isOver) return;
  life.isLeaving = true;
  connection.announceEnd();
  setTimeout(() => connection.finish(), goAwayGraceMs);
}
