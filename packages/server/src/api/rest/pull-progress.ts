import { toPullView } from "../../control/pulls.ts";
import { isOver, type Pull } from "../../core/pull.ts";
import type { PullManager } from "../../pulls/pull-manager.ts";
import type { StreamRoute } from "./server.ts";

const heartbeatMs = 15_000;
/** Reads one row. */
const lookEveryMs = 2_000;

/** `GET /api/v1/pulls/{id}` as server-sent events: the pull as it is, then every change, until it rests. */
export function createPullProgress(pulls: PullManager): StreamRoute {
  return {
    method: "GET",
    path: "/api/v1/pulls/{id}",
    permission: "models.read",
    audit: "reads",
    accepts: (request) => request.headers.accept?.includes("text/event-stream") === true,
    async handle(request, reply, signal) {
      const id = String(Reflect.get(Object(request.params), "id"));
      const first = await pulls.get(id);
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        "x-request-id": request.id,
      });
      const rested = Promise.withResolvers<void>();
      const write = (pull: Pull): void => {
        const rests = isOver(pull.phase) || pull.phase === "paused";
        // To a slow reader the newest state is enough: what lies between is left out.
        if (rests || !raw.writableNeedDrain)
          raw.write(`event: pull\ndata: ${JSON.stringify(toPullView(pull))}\n\n`);
        if (rests) rested.resolve();
      };
      const stopListening = pulls.onChange((pull) => {
        if (pull.id === id) write(pull);
      });
      const heartbeat = setInterval(() => raw.write(": keep-alive\n\n"), heartbeatMs);
      // Word of another replica's pull may be lost, or there may be nothing that carries it.
      const look = async (): Promise<void> => write(await pulls.get(id));
      const looks = setInterval(() => void look().catch(() => rested.resolve()), lookEveryMs);
      if (pulls.isOwn(first)) clearInterval(looks);
      signal.addEventListener("abort", () => rested.resolve(), { once: true });
      write(first);
      await rested.promise;
      clearInterval(heartbeat);
      clearInterval(looks);
      stopListening();
      raw.end();
      return undefined;
    },
  };
}
