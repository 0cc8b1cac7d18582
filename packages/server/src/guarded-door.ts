import type { NetworkReach } from "@llm-platform/kit";
import type { TransferServer, TransferThread } from "./pulls/transfer-thread.ts";
import type { UrlDoor } from "./pulls/url-source.ts";
import { createControlFetch, judgeAddress } from "./wire/control-fetch.ts";

/** The way to addresses that a person names. */
export interface GuardedDoor extends UrlDoor {
  stop(): void;
}

/** Origins whose connections are kept. */
const mostOrigins = 8;

export function createGuardedDoor(
  network: NetworkReach,
  transfers: Pick<TransferThread, "open">,
): GuardedDoor {
  const servers = new Map<string, TransferServer>();

  /** Connections to one origin, and nowhere else. Throws PlatformError `forbidden` for one out of reach. */
  function serverOf(url: URL): TransferServer {
    const { origin } = url;
    judgeAddress(url.href, new Set([origin]), network);
    const known = servers.get(origin);
    if (known !== undefined) return known;
    if (servers.size >= mostOrigins) forgetIdle();
    const server = transfers.open(origin, { network });
    servers.set(origin, server);
    return server;
  }

  function forgetIdle(): void {
    for (const [origin, server] of servers) {
      if (server.busyTransfers > 0) continue;
      server.stop();
      servers.delete(origin);
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
    open: async (url, run, signal) => serverOf(url).ask({ path: url.pathname + url.search, ...run }, signal),
    stop() {
      for (const server of servers.values()) server.stop();
    },
  };
}
