import type { Log } from "@llm-platform/kit";
import { LimitTable } from "../core/limit-table.ts";
import type { LimitCounter } from "../core/limits.ts";
import { type Bus, loneBus } from "./bus.ts";
import { type Leadership, loneLeadership } from "./leadership.ts";
import { exchangeLimits, leaveReplicas, type LimitExchangeParts } from "./limit-exchange.ts";
import { LimitsOverReplicas, type LimitsOverReplicasParts } from "./limits-over-replicas.ts";
import { createRedisBus } from "./redis-bus.ts";
import { createRedisLeadership } from "./redis-leadership.ts";
import { createRedisLink, type RedisLinkParts } from "./redis-link.ts";
import type { RedisSettings } from "./redis-settings.ts";
import { inspectRedis, type SharedRedis } from "./shared-redis.ts";

/** What replicas of the platform have in common. */
export interface Sharing {
  readonly limits: LimitCounter;
  readonly bus: Bus;
  readonly leadership: Leadership;
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
  readonly onDecision: LimitsOverReplicasParts["onDecision"];
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
    redis: undefined,
    stop: async () => undefined,
  };
}

/** Shares by Redis. It begins to connect, and works alone until it has. */
export function createRedisSharing(parts: RedisSharingParts): Sharing {
  const { settings, replica, log, random, nowMs, onFailure, onDecision, onExchange } = parts;
  const link = createRedisLink({ settings, log, random, nowMs, onFailure });
  const exchange: LimitExchangeParts = {
    replica,
    keyPrefix: settings.keyPrefix,
    newEpoch: () => random().toString(36).slice(2),
  };
  const limits = new LimitsOverReplicas({
    isUp: () => link.isUp,
    async exchange(asks, { deadlineMs, onLate }) {
      const startMs = nowMs();
      const reply = await link.run((redis) => exchangeLimits(redis, asks, exchange), {
        deadlineMs,
        isProbe: !link.isUp,
        onLate,
      });
      onExchange((nowMs() - startMs) / 1_000);
      return reply;
    },
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
  const timer = setInterval(() => limits.tick(), tickMs);
  return {
    limits,
    bus,
    leadership,
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
      await link
        .run((redis) => leaveReplicas(redis, exchange), { deadlineMs: leaveDeadlineMs })
        // It is taken for gone soon by itself.
        .catch(() => undefined);
      bus.stop();
      link.stop();
    },
  };
}
