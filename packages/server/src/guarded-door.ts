import { askForPart, type NetworkReach } from "@llm-platform/kit";
import type { UrlDoor } from "./pulls/url-source.ts";
import { createControlFetch, judgeAddress } from "./wire/control-fetch.ts";
import { createUpstreamPool, type UpstreamPool } from "./wire/upstream-pool.ts";

/** The way to addresses that a person names. */
export interface GuardedDoor extends UrlDoor {
  stop(): void;
}

/** Origins whose connections are kept. */
const mostOrigins = 8;

export function createGuardedDoor(network: NetworkReach): GuardedDoor {
  const pools = new Map<string, UpstreamPool>();

  /** Connections to one origin, and nowhere else. Throws PlatformError `forbidden` for one out of reach. */
  function poolOf(url: URL): UpstreamPool {
    const { origin } = url;
    judgeAddress(url.href, new Set([origin]), network);
    const known = pools.get(origin);
    if (known !== undefined) return known;
    if (pools.size >= mostOrigins) forgetIdle();
    const pool = createUpstreamPool(origin, { network, areReadsTransient: true });
    pools.set(origin, pool);
    return pool;
  }

  function forgetIdle(): void {
    for (const [origin, pool] of pools) {
      if (pool.busyConnections > 0) continue;
      pool.stop();
      pools.delete(origin);
    }
  }

  return {
    async look(url, signal) {
      const control = createControlFetch({ settings: [url.origin], network, signal });
      try {
        const { status, headers, body } = await control.fetch(url.href, {
          headers: { range: "bytes=0-0", "accept-encoding": "identity", "user-agent": "llm-platform" },
        });
        await body?.cancel();
        return { status, headers: { get: (name) => headers.get(name) ?? undefined } };
      } finally {
        control.release();
      }
    },
    open: async (url, run, signal) =>
      askForPart(poolOf(url), { path: url.pathname + url.search, ...run }, signal),
    stop() {
      for (const pool of pools.values()) pool.stop();
    },
  };
}
