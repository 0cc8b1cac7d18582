import type { RedisLink } from "./redis-link.ts";

/** Redis, as an operator looks at it. */
export interface SharedRedis {
  /** Whether it is used now. */
  readonly isUp: boolean;
  /** What is wrong; undefined while nothing is. */
  readonly trouble: string | undefined;
  /** Replicas that live, as last known. */
  readonly replicas: number;
  /** Resolves when it is used, or after so long. */
  whenUp(limitMs: number): Promise<void>;
  /** Asks it how it is. Rejects with PlatformError `unavailable`. */
  inspect(): Promise<RedisFacts>;
  /** Lets all connections go and opens others. */
  reconnect(): void;
}

export interface RedisFacts {
  readonly pingMs: number;
  readonly usedBytes: number;
  /** 0 for no bound. */
  readonly mostBytes: number;
  /** What it does when its memory is full. */
  readonly evictionPolicy: string;
}

const deadlineMs = 1_000;

export async function inspectRedis(link: RedisLink, nowMs: () => number): Promise<RedisFacts> {
  const startMs = nowMs();
  await link.run((redis) => redis.ping(), { deadlineMs, isProbe: true });
  const pingMs = nowMs() - startMs;
  const memory = await link.run((redis) => redis.info("memory"), { deadlineMs, isProbe: true });
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(memory)?.[1] ?? "";
  return {
    pingMs,
    usedBytes: Number(value("used_memory")),
    mostBytes: Number(value("maxmemory")),
    evictionPolicy: value("maxmemory_policy"),
  };
}
