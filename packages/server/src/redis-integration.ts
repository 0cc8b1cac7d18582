import { defineIntegration, type Health, type IntegrationDefinition } from "@llm-platform/kit";
import { noSettings } from "./core/no-settings.ts";
import type { RedisFacts, SharedRedis } from "./sharing/shared-redis.ts";

/** A Redis that is there is used after this long; without one the platform goes on. */
const startWaitMs = 1_000;

/** Redis in the list of integrations: how it is, and a restart that connects anew. The platform works without it. */
export function createRedisIntegration(redis: SharedRedis): IntegrationDefinition<object> {
  const state = { wasStarted: false };
  return defineIntegration<object>({
    contract: 1,
    id: "redis",
    type: "service",
    summary: "Redis, by which replicas share limits, word of changes, and who leads.",
    settings: noSettings,
    metrics: [
      { name: "ping_seconds", help: "How long Redis took to answer the last probe.", type: "gauge" },
      { name: "memory_bytes", help: "Memory that Redis uses.", type: "gauge" },
    ],
    async start({ metrics }) {
      // It connects by itself when the platform starts; who starts it again wants other connections.
      if (state.wasStarted) redis.reconnect();
      state.wasStarted = true;
      await redis.whenUp(startWaitMs);
      return {
        async health() {
          try {
            const facts = await redis.inspect();
            metrics.set("ping_seconds", facts.pingMs / 1_000);
            metrics.set("memory_bytes", facts.usedBytes);
            return judge(redis, facts);
          } catch {
            // Why is said below; it connects again by itself, so this is no failure that a restart would mend.
            return awayHealth(redis);
          }
        },
        stop: async () => undefined,
      };
    },
  });
}

function judge(redis: SharedRedis, { mostBytes, evictionPolicy }: RedisFacts): Health {
  if (!redis.isUp) return awayHealth(redis);
  if (mostBytes > 0 && evictionPolicy !== "noeviction")
    return {
      status: "degraded",
      detail: `Redis forgets keys when its memory is full (maxmemory-policy ${evictionPolicy}), and limits with them: set it to noeviction.`,
    };
  return { status: "ok", detail: `${redis.replicas} live.` };
}

function awayHealth({ trouble = "it does not answer", replicas }: SharedRedis): Health {
  return {
    status: "degraded",
    detail: `Redis is away (${trouble}): this replica counts limits alone, as one of ${replicas}.`,
  };
}
