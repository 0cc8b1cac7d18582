import { eventsInput, type EventReader } from "../../control/events.ts";
import type { StreamRoute } from "./server.ts";

const heartbeatMs = 15_000;

/** `GET /integrations/events` as server-sent events: what is kept, then what comes. */
export function createEventStream(reader: EventReader): StreamRoute {
  return {
    method: "GET",
    path: "/integrations/events",
    permission: "events.read",
    audit: "reads",
    accepts: (request) => request.headers.accept?.includes("text/event-stream") === true,
    async handle(request, reply, signal) {
      const lastId = request.headers["last-event-id"];
      const { after_id, limit, integration } = eventsInput.parse({
        ...Object(request.query),
        ...(lastId === undefined ? {} : { after_id: lastId }),
      });
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-request-id": request.id,
      });
      const sent = { lastId: after_id, isReading: false, isMissing: false };
      const read = async () => {
        const events = await reader.list({ afterId: sent.lastId, limit, integration });
        for (const event of events) {
          sent.lastId = event.id;
          raw.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        }
      };
      /** One reading at a time, and once more for what came meanwhile. */
      const flush = () => {
        sent.isMissing = true;
        if (sent.isReading) return;
        sent.isReading = true;
        void (async () => {
          try {
            while (sent.isMissing && !raw.writableNeedDrain) {
              sent.isMissing = false;
              await read();
            }
          } catch {
            // The log of events does not answer now. The next event, or the client that comes again, reads on.
          } finally {
            sent.isReading = false;
          }
        })();
      };
      flush();
      // Events are read from the log again and not queued for a slow reader, so that one costs no memory.
      const stopListening = reader.onEvent(() => {
        if (!raw.writableNeedDrain) flush();
      });
      const stopRemote = reader.onRemoteEvent((event) => {
        // Without an id: a client that comes back asks for those of this replica's log.
        if ((integration === undefined || event.integration === integration) && !raw.writableNeedDrain)
          raw.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      });
      raw.on("drain", flush);
      const heartbeat = setInterval(() => raw.write(": keep-alive\n\n"), heartbeatMs);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      clearInterval(heartbeat);
      stopListening();
      stopRemote();
      raw.end();
      return undefined;
    },
  };
}
