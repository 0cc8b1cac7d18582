import type { RedisLink } from "./redis-link.ts";

/** Tickets in Redis, for replicas that share no database. Every member rejects with PlatformError `unavailable`. */
export interface RedisTickets {
  put(sha256: string, holder: string, expiresAtMs: number): Promise<void>;
  /** Who holds it; of two who ask at once one. */
  take(sha256: string): Promise<string | undefined>;
}

const deadlineMs = 1_000;

export function createRedisTickets({
  link,
  keyPrefix,
}: {
  readonly link: RedisLink;
  readonly keyPrefix: string;
}): RedisTickets {
  const keyOf = (sha256: string) => `${keyPrefix}ticket:${sha256}`;
  return {
    put: async (sha256, holder, expiresAtMs) => {
      await link.run((redis) => redis.set(keyOf(sha256), holder, "PXAT", expiresAtMs), { deadlineMs });
    },
    take: async (sha256) =>
      (await link.run((redis) => redis.getdel(keyOf(sha256)), { deadlineMs })) ?? undefined,
  };
}
