import type { Redis } from "ioredis";
import type { LeaseAnswer, LeaseAsk } from "../core/lease.ts";
import { minuteMs } from "../core/sliding-window.ts";
import { exchangeScript } from "./exchange-script.ts";
import { evaluate, toScript } from "./redis-script.ts";

/** What one exchange came to. */
export interface ExchangeReply {
  /** Replicas that are live, this one among them. */
  readonly replicas: number;
  /** Another one than before: Redis has forgotten everything meanwhile. */
  readonly epoch: string;
  /** In the order of the asks. */
  readonly answers: readonly LeaseAnswer[];
}

export interface LimitExchangeParts {
  readonly replica: string;
  readonly keyPrefix: string;
  /** Default: a minute. */
  readonly windowMs?: number;
  /** A name for an epoch, should there be none yet. */
  newEpoch(): string;
}

/** A replica that is not heard for so long is gone, and what it held is free. */
export const replicaLifeMs = 5_000;
/** What is held of slots is forgotten when nobody has asked for any in so long; holders tell theirs more often. */
const slotsLifeMs = 180_000;
const answerSize = 4;
const headSize = 3;
const script = toScript(exchangeScript);

/** Asks Redis, in one round trip. Rejects when it cannot be asked, or says something else than it should. */
export async function exchangeLimits(
  redis: Redis,
  asks: readonly LeaseAsk[],
  parts: LimitExchangeParts,
): Promise<ExchangeReply> {
  const { replica, keyPrefix, windowMs = minuteMs } = parts;
  const keys = [
    `${keyPrefix}replicas`,
    `${keyPrefix}epoch`,
    ...asks.map(({ kind, scope, id }) => `${keyPrefix}limit:${kind}:${scope}:${id}`),
  ];
  const list = JSON.stringify(asks.map((ask) => toWire(ask, windowMs)));
  const rest = [keys.length, ...keys, replica, replicaLifeMs, parts.newEpoch(), list] as const;
  return parseReply(await evaluate(redis, script, rest), asks.length);
}

/** Takes a replica off the list, so that what it held is free at once. */
export async function leaveReplicas(redis: Redis, parts: LimitExchangeParts): Promise<void> {
  await redis.zrem(`${parts.keyPrefix}replicas`, parts.replica);
}

function toWire(ask: LeaseAsk, windowMs: number): readonly unknown[] {
  if (ask.kind === "concurrent") return ["s", ask.limit, slotsLifeMs, ask.held, ask.need, ask.want];
  const { limit, owed, need, unit, want, returned } = ask;
  return ["w", limit, windowMs, owed, need, unit, want, returned.map(Math.ceil)];
}

function parseReply(reply: unknown, asks: number): ExchangeReply {
  if (!Array.isArray(reply) || reply.length !== headSize + asks * answerSize)
    throw new Error("the exchange script answered something else");
  const [, replicas, epoch, ...numbers]: readonly unknown[] = reply;
  const answers = Array.from({ length: asks }, (_, at) => {
    const [granted, remaining, waitMs, resetMs] = numbers.slice(at * answerSize).map(Number);
    return { granted: granted ?? 0, remaining: remaining ?? 0, waitMs: waitMs ?? 0, resetMs: resetMs ?? 0 };
  });
  return { replicas: Number(replicas), epoch: String(epoch), answers };
}
