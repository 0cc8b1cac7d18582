import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type Log, PlatformError } from "@llm-platform/kit";
import type { Redis } from "ioredis";
import { Breaker, type BreakerState } from "../core/breaker.ts";
import { createRedisClient } from "./redis-client.ts";
import type { RedisSettings } from "./redis-settings.ts";

export interface RedisLinkParts {
  readonly settings: RedisSettings;
  readonly log: Log;
  /** A number of [0, 1). */
  readonly random: () => number;
  /** Monotonic. */
  readonly nowMs: () => number;
  onFailure(reason: "timeout" | "error"): void;
  /** Told of each command that was sent. Default: nobody is. */
  onCommand?(command: { readonly durationMs: number; readonly hasFailed: boolean }): void;
}

export interface RunOptions<Result> {
  readonly deadlineMs: number;
  /** Whether it is to find out if Redis is back, and goes although it is away. */
  readonly isProbe?: boolean;
  /** Told of an answer that came after the deadline. */
  onLate?(result: Result): void;
}

/** The one connection for commands, behind a breaker. Only what a person or a timer asks for goes through an open one. */
export interface RedisLink {
  /** Whether a command has a good chance: there is a connection, and the breaker is closed. */
  readonly isUp: boolean;
  readonly breaker: BreakerState;
  /** What is wrong; undefined while nothing is. */
  readonly trouble: string | undefined;
  /**
   * Runs one command. Rejects with PlatformError `unavailable`: at once while `isUp` is false, and after the deadline.
   */
  run<Result>(command: (redis: Redis) => Promise<Result>, options: RunOptions<Result>): Promise<Result>;
  /** Resolves when `isUp` is true, or after so long. */
  whenUp(limitMs: number): Promise<void>;
  /** Calls `listener` when there is a connection again. */
  onConnected(listener: () => void): void;
  /** Calls `listener` when `isUp` has changed, as far as that is noticed. */
  onChange(listener: (isUp: boolean) => void): void;
  /** Lets the connection go and opens another. */
  reconnect(): void;
  /** Begins to connect; failing is no error. */
  start(): void;
  stop(): void;
}

const breakerSettings = {
  failures: 5,
  windowCalls: 20,
  windowMs: 60_000,
  openMs: 1_000,
  maxOpenMs: 5_000,
  probeEveryMs: 1_000,
};
const tellEveryMs = 60_000;
/** A connection that says nothing for so long is given up for another. */
const deafMs = 10_000;

export function createRedisLink(parts: RedisLinkParts): RedisLink {
  return new Link(parts);
}

class Link implements RedisLink {
  readonly #parts: RedisLinkParts;
  readonly #redis: Redis;
  readonly #breaker = new Breaker(breakerSettings);
  readonly #connectedListeners: (() => void)[] = [];
  readonly #changeListeners: ((isUp: boolean) => void)[] = [];
  #lastError: string | undefined = "there is no connection yet";
  #wasUp = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #heardAtMs: number;
  #isStopped = false;

  constructor(parts: RedisLinkParts) {
    this.#parts = parts;
    this.#heardAtMs = parts.nowMs();
    this.#redis = createRedisClient(parts.settings, parts.random);
    this.#redis.on("error", (error: Error) => this.#onTrouble(describe(error)));
    this.#redis.on("close", () => this.#onTrouble(this.#lastError ?? "the connection was closed"));
    this.#redis.on("ready", () => {
      this.#heardAtMs = this.#parts.nowMs();
      for (const listener of this.#connectedListeners) listener();
    });
  }

  get isUp(): boolean {
    return this.#wasUp && this.#redis.status === "ready" && this.breaker === "closed";
  }

  get breaker(): BreakerState {
    return this.#breaker.state(this.#parts.nowMs());
  }

  get trouble(): string | undefined {
    return this.isUp ? undefined : (this.#lastError ?? "it does not answer in time");
  }

  async run<Result>(
    command: (redis: Redis) => Promise<Result>,
    { deadlineMs, isProbe = false, onLate = () => undefined }: RunOptions<Result>,
  ): Promise<Result> {
    const hasChance = isProbe ? this.#redis.status === "ready" : this.isUp;
    if (!hasChance) throw away(this.trouble);
    const { nowMs, onCommand } = this.#parts;
    const sentAtMs = nowMs();
    const tell = (hasFailed: boolean) => onCommand?.({ durationMs: nowMs() - sentAtMs, hasFailed });
    const late = new AbortController();
    const running = command(this.#redis);
    try {
      const result = await Promise.race([running, expire(deadlineMs, late.signal)]);
      this.#onAnswer();
      tell(false);
      return result;
    } catch (error) {
      this.#onFailure(error);
      tell(true);
      // What went wrong after it was late has been told already.
      if (error instanceof LateError) running.then(onLate, () => undefined);
      throw away(this.#lastError);
    } finally {
      late.abort();
    }
  }

  async whenUp(limitMs: number): Promise<void> {
    if (this.isUp) return;
    const up = new Promise<void>((resolve) => this.onChange(() => resolve()));
    await Promise.race([up, sleep(limitMs, undefined, { ref: false })]);
  }

  onConnected(listener: () => void): void {
    this.#connectedListeners.push(listener);
  }

  onChange(listener: (isUp: boolean) => void): void {
    this.#changeListeners.push(listener);
  }

  reconnect(): void {
    if (this.#isStopped) return;
    if (this.#redis.status === "end" || this.#redis.status === "wait") this.start();
    else this.#redis.disconnect(true);
  }

  start(): void {
    // What is wrong is told by the event `error`, and it goes on trying.
    this.#redis.connect().catch(() => undefined);
  }

  stop(): void {
    this.#isStopped = true;
    this.#redis.disconnect();
  }

  #onAnswer(): void {
    const { nowMs, log } = this.#parts;
    this.#breaker.succeed(nowMs());
    this.#heardAtMs = nowMs();
    if (this.#wasUp) return;
    this.#wasUp = true;
    this.#lastError = undefined;
    this.#toldAtMs = Number.NEGATIVE_INFINITY;
    log.info("redis.up");
    for (const listener of this.#changeListeners) listener(true);
  }

  #onFailure(error: unknown): void {
    const { nowMs, onFailure } = this.#parts;
    const isLate = error instanceof LateError;
    onFailure(isLate ? "timeout" : "error");
    this.#breaker.fail(nowMs());
    this.#lastError = describe(error);
    if (this.breaker !== "closed") this.#onTrouble(this.#lastError);
    if (isLate && nowMs() - this.#heardAtMs > deafMs) {
      this.#heardAtMs = nowMs();
      this.reconnect();
    }
  }

  #onTrouble(what: string): void {
    const { nowMs, log } = this.#parts;
    if (this.#isStopped) return;
    this.#lastError = what;
    if (nowMs() - this.#toldAtMs >= tellEveryMs) {
      this.#toldAtMs = nowMs();
      log.warn("redis.away", { why: what, remedy: "Limits are counted here alone until Redis answers." });
    }
    if (!this.#wasUp) return;
    this.#wasUp = false;
    for (const listener of this.#changeListeners) listener(false);
  }
}

/** An answer that came while this process itself was busy is not late: it is read within one turn of the event loop. */
async function expire(deadlineMs: number, signal: AbortSignal): Promise<never> {
  await sleep(deadlineMs, undefined, { signal });
  await nextTurn();
  throw new LateError(deadlineMs);
}

class LateError extends Error {
  constructor(deadlineMs: number) {
    super(`it did not answer within ${deadlineMs} ms`);
  }
}

function away(why: string | undefined): PlatformError {
  return new PlatformError("unavailable", `Redis cannot be used now: ${why ?? "it is away"}.`);
}

/** Messages of Redis and of sockets hold no password; arguments of commands do not stand in them. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return error.message === "" ? code : error.message;
}
