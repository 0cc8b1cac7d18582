import { once } from "node:events";
import type { Auditor } from "../../control/auditor.ts";
import type { Feed } from "../../control/feed.ts";
import type { Principal } from "../../core/principal.ts";
import { addressOf, type ReadCaller } from "../client-address.ts";
import type { StreamRoute } from "./server.ts";

export interface RequestStreamParts {
  readonly feeds: readonly Feed[];
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
}

const heartbeatMs = 15_000;

/** `GET /api/v1/requests` as server-sent events: the feed `requests`, with the query for its input. */
export function createRequestStream({ feeds, auditor, readCaller }: RequestStreamParts): StreamRoute {
  return {
    method: "GET",
    path: "/api/v1/requests",
    permission: "usage.read_own",
    audit: "reads",
    accepts: (request) => request.headers.accept?.includes("text/event-stream") === true,
    async handle(request, reply, signal) {
      const feed = feeds.find(({ name }) => name === "requests");
      const items = feed?.open(request.query, {
        // Who calls was found out before.
        principal: request.getDecorator<Principal>("principal"),
        address: addressOf(request.raw, readCaller),
        requestId: request.id,
        auditor,
        signal,
      });
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        "x-request-id": request.id,
      });
      raw.flushHeaders();
      const heartbeat = setInterval(() => raw.write(": keep-alive\n\n"), heartbeatMs);
      try {
        // The feed bounds what waits for a slow reader.
        for await (const { type, data } of items ?? [])
          if (!raw.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`))
            await once(raw, "drain", { signal });
      } catch (error) {
        // A client that left while it was waited for ends the stream; anything else is told as any error.
        if (!signal.aborted) throw error;
      } finally {
        clearInterval(heartbeat);
        raw.end();
      }
      return undefined;
    },
  };
}
