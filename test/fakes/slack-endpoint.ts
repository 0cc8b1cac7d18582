import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { Inbox } from "./inbox.ts";

const message = z.looseObject({
  text: z.string().optional(),
  channel: z.string().optional(),
  attachments: z.array(z.looseObject({ title: z.string(), text: z.string(), color: z.string() })).optional(),
});
export type SlackMessage = z.output<typeof message>;

/** A server that takes messages as Slack's incoming webhooks do, and answers as they do. */
export type SlackEndpoint = {
  /** Address of the webhook: a secret, as it is with Slack. */
  readonly webhook: string;
  readonly inbox: Inbox<SlackMessage>;
  /** Answers with this status from now on; 200 is Slack's `ok`. */
  answerWith(status: number): void;
  stop(): Promise<void>;
};

export async function startSlackEndpoint(): Promise<SlackEndpoint> {
  const inbox = new Inbox<SlackMessage>();
  const state = { status: 200 };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = message.safeParse(readJson(body));
      const isKnown = request.url === "/services/T0/B0/CANARYHOOK" && request.method === "POST";
      const status = !isKnown ? 404 : !parsed.success ? 400 : state.status;
      if (status === 200 && parsed.success) inbox.put(parsed.data);
      response.writeHead(status, { "content-type": "text/html" });
      response.end(status === 200 ? "ok" : status === 400 ? "invalid_payload" : "no_service");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    webhook: `http://127.0.0.1:${port}/services/T0/B0/CANARYHOOK`,
    inbox,
    answerWith(status) {
      state.status = status;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Slack answers the same to what is no JSON and to what is no message.
    return undefined;
  }
}
