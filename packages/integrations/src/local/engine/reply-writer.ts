import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { toEnvelope } from "./engine-failure.ts";

/** Writes one reply. Its signal is aborted when the client leaves. */
export interface ReplyWriter {
  readonly signal: AbortSignal;
  /** Stops what still works for this reply. */
  abort(): void;
  json(status: number, body: object): void;
  /** Sends one server-sent event; waits while the client reads slowly. */
  event(data: object): Promise<void>;
  /** Ends a stream that is complete. */
  endEvents(): void;
  /** Ends the reply with an error: as a status while nothing was sent, else as an event with no `[DONE]` after it. */
  fail(error: unknown): void;
}

const eventHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
};

export function createReplyWriter(response: ServerResponse): ReplyWriter {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(new Error("The client closed the connection."));
  });
  const writer: ReplyWriter = {
    signal: controller.signal,
    abort: () => controller.abort(new Error("The reply failed.")),
    json(status, body) {
      if (response.headersSent || response.destroyed) return;
      const bytes = Buffer.from(JSON.stringify(body));
      response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
      response.end(bytes);
    },
    async event(data) {
      if (controller.signal.aborted || response.destroyed) return;
      if (!response.headersSent) response.writeHead(200, eventHeaders);
      if (response.write(`data: ${JSON.stringify(data)}\n\n`)) return;
      try {
        await once(response, "drain", { signal: controller.signal });
      } catch (error) {
        // The client left while we waited: the signal tells the generation, and there is nobody to tell here.
        if (!controller.signal.aborted) throw error;
      }
    },
    endEvents() {
      if (!response.destroyed) response.end("data: [DONE]\n\n");
    },
    fail(error) {
      if (response.destroyed) return;
      const { status, body } = toEnvelope(error);
      if (!response.headersSent) writer.json(status, body);
      else response.end(`data: ${JSON.stringify(body)}\n\n`);
    },
  };
  return writer;
}

/** Waits for all parts of one reply; when one fails the others are stopped, for they have no reader left. */
export async function settleAll<Part>(
  parts: readonly Promise<Part>[],
  writer: ReplyWriter,
): Promise<readonly Part[]> {
  try {
    return await Promise.all(parts);
  } catch (error) {
    writer.abort();
    await Promise.allSettled(parts);
    throw error;
  }
}
