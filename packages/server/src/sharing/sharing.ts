import type { Log } from "@llm-platform/kit";
import type { Redis } from "ioredis";
import type { BudgetCounter } from "../core/budgets.ts";
import type { BudgetTable } from "../core/budget-table.ts";
import { LimitTable } from "../core/limit-table.ts";
import type { LimitCounter } from "../core/limits.ts";
import { type Bus, loneBus } from "./bus.ts";
import { type Leadership, loneLeadership } from "./leadership.ts";
import { exchangeLimits, leaveReplicas, type LimitExchangeParts } from "./limit-exchange.ts";
import { LimitsOverReplicas, type LimitsOverReplicasParts } from "./limits-over-replicas.ts";
import { exchangeBudgets } from "./budget-exchange.ts";
import { BudgetsOverReplicas } from "./budgets-over-replicas.ts";
import { createRedisBus } from "./redis-bus.ts";
import { createRedisTickets, type RedisTickets } from "./redis-tickets.ts";
import { createRedisLeadership } from "./redis-leadership.ts";
import { createRedisLink, type RedisLinkParts } from "./redis-link.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { inspectRedis, type SharedRedis } from "./shared-redis.ts";

/** What replicas of the platform have in common. */
export interface Sharing {
  readonly limits: LimitCounter;
  readonly bus: Bus;
  readonly leadership: Leadership;
  /** Lets budgets that replicas have in common hold over all of them. */
  shareBudgets(table: BudgetTable): BudgetCounter;
  /** Undefined for a replica that is the only one. */
  readonly tickets: RedisTickets | undefined;
  /** Where it is kept; undefined for a replica that is the only one. */
  readonly redis: SharedRedis | undefined;
  stop(): Promise<void>;
}

export interface RedisSharingParts {
  readonly settings: RedisSettings;
  /** A name that no other replica has, nor had. */
  readonly replica: string;
  readonly log: Log;
  /** A number of [0, 1). */
  random(): number;
  /** Monotonic. */
  nowMs(): number;
  readonly onFailure: RedisLinkParts["onFailure"];
  readonly onCommand?: RedisLinkParts["onCommand"];
  readonly onDecision: LimitsOverReplicasParts["onDecision"];
  readonly onBudgetDecision: LimitsOverReplicasParts["onDecision"];
  onExchange(seconds: number): void;
}

const tickMs = 250;
const leaveDeadlineMs = 500;

/** For a server that is the only one. */
export function createLoneSharing(): Sharing {
  return {
    limits: new LimitTable(),
    bus: loneBus,
    leadership: loneLeadership,
    shareBudgets: (table) => table,
    tickets: undefined,
    redis: undefined,
    stop: async () => undefined,
  };
}

/** Shares by Redis. It begins to connect, and works alone until it has. */
export function createRedisSharing(parts: RedisSharingParts): Sharing {
  const { settings, replica, log, random, nowMs, onFailure, onDecision, onBudgetDecision, onExchange } =
    parts;
  const link = createRedisLink({
    settings,
    log,
    random,
    nowMs,
    onFailure,
    ...(parts.onCommand === undefined ? {} : { onCommand: parts.onCommand }),
  });
  const exchange: LimitExchangeParts = {
    replica,
    keyPrefix: settings.keyPrefix,
    newEpoch: () => random().toString(36).slice(2),
  };
  async function ask<Reply>(
    run: (redis: Redis) => Promise<Reply>,
    options: { readonly deadlineMs: number; onLate?(reply: Reply): void },
  ): Promise<Reply> {
    const startMs = nowMs();
    const reply = await link.run(run, { ...options, isProbe: !link.isUp });
    onExchange((nowMs() - startMs) / 1_000);
    return reply;
  }
  const limits = new LimitsOverReplicas({
    isUp: () => link.isUp,
    exchange: (asks, options) => ask((redis) => exchangeLimits(redis, asks, exchange), options),
    deadlineMs: settings.commandTimeoutMs,
    nowMs,
    onDecision,
    onReplicas: (replicas) => log.info("replicas.changed", { replicas }),
  });
  const bus = createRedisBus({ settings, replica, link, log, random });
  const leadership = createRedisLeadership({ replica, keyPrefix: settings.keyPrefix, link, bus, nowMs });
  link.onConnected(() => limits.probe());
  link.start();
  bus.start();
  leadership.start();
  const budgets: BudgetsOverReplicas[] = [];
  const timer = setInterval(() => {
    limits.tick();
    for (const each of budgets) each.tick();
  }, tickMs);
  return {
    limits,
    bus,
    leadership,
    tickets: createRedisTickets({ link, keyPrefix: settings.keyPrefix }),
    shareBudgets(table) {
      const made = new BudgetsOverReplicas({
        table,
        isUp: () => link.isUp,
        exchange: (asks, deadlineMs) =>
          ask((redis) => exchangeBudgets(redis, asks, exchange), { deadlineMs }),
        replicas: () => limits.replicas,
        deadlineMs: settings.commandTimeoutMs,
        nowMs,
        wallMs: Date.now,
        onDecision: onBudgetDecision,
      });
      budgets.push(made);
      return made;
    },
    redis: {
      get isUp() {
        return link.isUp;
      },
      get trouble() {
        return link.trouble;
      },
      get replicas() {
        return limits.replicas;
      },
      whenUp: (limitMs) => link.whenUp(limitMs),
      inspect: () => inspectRedis(link, nowMs),
      reconnect() {
        link.reconnect();
        bus.reconnect();
      },
    },
    async stop() {
      clearInterval(timer);
      await leadership.resign();
      // What was spent last; else the ledger tells it.
      for (const each of budgets) await each.tell(leaveDeadlineMs);
      await link
        .run((redis) => leaveReplicas(redis, exchange), { deadlineMs: leaveDeadlineMs })
        // It is taken for gone soon by itself.
        .catch(() => undefined);
      bus.stop();
      link.stop();
    },
  };
}
