import { z } from "zod";
import type { Platform } from "../e2e/start-platform.ts";
import { connectSocket, type Frame } from "../e2e/websocket-client.ts";
import type { ScenarioClient } from "./scenario-client.ts";

const listedModels = z.object({ models: z.array(z.object({ id: z.string(), integration: z.string() })) });
const usageList = z.object({ usage: z.array(z.object({ outcome: z.string() })) });
const pullView = z.object({ id: z.string(), phase: z.string(), finished_at: z.string().nullable() });
const eventList = z.object({ next_after_id: z.number() });
const stateChange = z.object({ data: z.object({ to: z.string() }) });

/** Every step on one connection. */
export async function createWebSocketScenario(platform: Platform, key: string): Promise<ScenarioClient> {
  const socket = await connectSocket(platform, "/ws/chat", { headers: { authorization: `Bearer ${key}` } });
  let lastId = 0;
  const newId = () => `step-${++lastId}`;

  async function operation(name: string, input: object): Promise<unknown> {
    const id = newId();
    socket.send({ type: "operation.call", id, data: { name, input } });
    const { type, data } = await socket.next(/^operation\./, id);
    if (type === "operation.error") throw new Error(JSON.stringify(data));
    return data["output"];
  }

  function follow(name: string, input: object): string {
    const id = newId();
    socket.send({ type: "feed.follow", id, data: { name, input } });
    return id;
  }

  function startChat(model: string, content: string): string {
    const id = newId();
    socket.send({
      type: "chat.start",
      id,
      data: { request: { model, messages: [{ role: "user", content }] } },
    });
    return id;
  }

  const contentOf = ({ type, data }: Frame): string =>
    type === "chat.delta" ? String(data["delta"]?.content ?? "") : "";

  return {
    async models() {
      const { models } = listedModels.parse(await operation("models.list", {}));
      return models.map(({ id, integration }) => `${integration}/${id}`);
    },
    async pull(source) {
      const started = pullView.parse(
        await operation("pulls.start", { kind: "ollama", source, integration: "ollama" }),
      );
      const feed = follow("pulls", { id: started.id });
      const views = () =>
        socket
          .of(feed)
          .flatMap(({ data }) => [data, ...(data["pulls"] ?? [])])
          .flatMap((each) => pullView.safeParse(each).data ?? []);
      while (!views().some(({ finished_at }) => finished_at !== null))
        await new Promise((resolve) => socket.webSocket.once("message", resolve));
      socket.send({ type: "feed.leave", id: feed });
      const phases = views().map(({ phase }) => phase);
      return phases.filter((phase, at) => phase !== phases[at - 1]);
    },
    async chat(model, text) {
      const id = startChat(model, text);
      const ends = () => socket.of(id).filter(({ type }) => /^chat\.(done|error)$/.test(type));
      while (ends().length === 0) await new Promise((resolve) => socket.webSocket.once("message", resolve));
      const [end] = ends();
      if (end?.type !== "chat.done") throw new Error(JSON.stringify(end));
      const contents = socket.of(id).map(contentOf);
      return {
        content: contents.join(""),
        deltas: contents.filter((content) => content !== "").length,
        finish: end.data["reason"],
        outputTokens: end.data["usage"]?.completion_tokens,
      };
    },
    async giveUp(model, text) {
      const id = startChat(model, text);
      while (socket.of(id).filter((frame) => contentOf(frame) !== "").length < 2)
        await new Promise((resolve) => socket.webSocket.once("message", resolve));
      socket.send({ type: "chat.cancel", id });
    },
    async usage(model) {
      return usageList.parse(await operation("usage.list", { model })).usage.map(({ outcome }) => outcome);
    },
    async restart(name) {
      await operation("integrations.restart", { name });
    },
    async watch(integration) {
      const { next_after_id } = eventList.parse(await operation("events.list", { limit: 1_000 }));
      const feed = follow("events", { integration, after_id: next_after_id });
      return {
        get states() {
          return socket.of(feed).flatMap(({ data }) => stateChange.safeParse(data).data?.data.to ?? []);
        },
        async stop() {
          socket.send({ type: "feed.leave", id: feed });
        },
      };
    },
    close: () => socket.close(),
  };
}
