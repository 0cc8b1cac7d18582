import { constants, type ServerHttp2Session } from "node:http2";

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
/** The highest stream id: none that the client began is refused. */
const everyStream = 2 ** 31 - 1;

interface Life {
  readonly session: ServerHttp2Session;
  readonly bornMs: number;
  readonly endsMs: number;
  streams: number;
  /** When it was last used, or has answered. */
  usedMs: number;
  aliveMs: number;
  pingedMs: number | undefined;
  strikes: number;
  isLeaving: boolean;
}

/** Looks after the connections of a server: that both ends live, do not grow too old, and part in peace. */
export class Sessions {
  readonly #parts: SessionParts;
  readonly #lives = new Map<ServerHttp2Session, Life>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#tick(performance.now()), tickMs);
    this.#timer.unref();
  }

  get count(): number {
    return this.#lives.size;
  }

  add(session: ServerHttp2Session): void {
    const nowMs = performance.now();
    const { maxAgeMs, random } = this.#parts;
    const life: Life = {
      session,
      bornMs: nowMs,
      endsMs: maxAgeMs === undefined ? Number.POSITIVE_INFINITY : nowMs + maxAgeMs * (0.9 + 0.2 * random()),
      streams: 0,
      usedMs: nowMs,
      aliveMs: nowMs,
      pingedMs: undefined,
      strikes: 0,
      isLeaving: false,
    };
    this.#lives.set(session, life);
    session.once("close", () => this.#lives.delete(session));
    session.on("error", () => session.destroy());
    session.on("ping", () => this.#onPing(life));
    session.on("stream", (stream) => {
      life.streams++;
      life.strikes = 0;
      life.usedMs = performance.now();
      life.aliveMs = life.usedMs;
      stream.once("close", () => {
        life.streams--;
        life.strikes = 0;
        life.usedMs = performance.now();
      });
    });
  }

  /** Sends every client elsewhere. Calls that have begun go on. */
  leave(): void {
    for (const life of this.#lives.values()) goAway(life);
  }

  destroy(): void {
    clearInterval(this.#timer);
    for (const { session } of this.#lives.values()) session.destroy();
  }

  #onPing(life: Life): void {
    const nowMs = performance.now();
    const isSoon = nowMs - life.aliveMs < shortestPingMs;
    life.aliveMs = nowMs;
    if (!isSoon || life.streams > 0) return;
    life.strikes++;
    if (life.strikes <= mostPingStrikes) return;
    const { session } = life;
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
    session.close();
  }

  #tick(nowMs: number): void {
    const { keepAliveMs, keepAliveTimeoutMs } = this.#parts;
    for (const life of this.#lives.values()) {
      const isUnused = life.streams === 0 && nowMs - life.usedMs > mostIdleMs;
      if (nowMs > life.endsMs || isUnused) goAway(life);
      if (life.pingedMs !== undefined) {
        if (nowMs - life.pingedMs > keepAliveTimeoutMs) life.session.destroy();
      } else if (nowMs - life.aliveMs > keepAliveMs) this.#ping(life, nowMs);
    }
  }

  #ping(life: Life, nowMs: number): void {
    const { session } = life;
    if (session.destroyed || session.closed) return;
    life.pingedMs = nowMs;
    session.ping((error) => {
      if (error !== null) return;
      life.pingedMs = undefined;
      life.aliveMs = performance.now();
    });
  }
}

/** Twice, as RFC 9113 section 6.8 has it: what was on its way when the client heard the first time is not lost. */
function goAway(life: Life): void {
  const { session } = life;
  if (life.isLeaving || session.destroyed) return;
  life.isLeaving = true;
  session.goaway(constants.NGHTTP2_NO_ERROR, everyStream);
  setTimeout(() => {
    if (!session.destroyed) session.close();
  }, goAwayGraceMs);
}
