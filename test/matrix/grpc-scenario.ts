import { z } from "zod";
import type { Platform } from "../e2e/start-platform.ts";
import { openGrpc } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";
import type { ScenarioClient } from "./scenario-client.ts";

const usageList = z.object({ usage: z.array(z.object({ outcome: z.string() })) });
const eventList = z.object({ next_after_id: z.number() });
const stateChange = z.object({ to: z.string() });

/** Every step over gRPC. */
export async function createGrpcScenario(platform: Platform, key: string): Promise<ScenarioClient> {
  const client = await openGrpc(platform);
  const asking = { key, timeoutMs: 200_000 };
  const toChat = (model: string, content: string) => ({ model, messages: [{ role: "user", content }] });

  return {
    async models() {
      const { reply } = await client.ask(grpc.models.list, {}, asking);
      return (reply?.models ?? []).map(({ id, integration }) => `${integration}/${id}`);
    },
    async pull(source) {
      const phases: string[] = [];
      const pulling = { kind: "ollama", source, integration: "ollama" };
      const { replies } = await client.ask(grpc.models.pull, pulling, asking);
      for (const { phase } of replies) if (phase !== undefined && phases.at(-1) !== phase) phases.push(phase);
      return phases;
    },
    async chat(model, text) {
      const { replies, message } = await client.ask(grpc.chatStream, toChat(model, text), asking);
      if (message !== "" && message !== "OK") throw new Error(message);
      const contents = replies.flatMap(({ delta }) => (delta?.content ? [delta.content] : []));
      return {
        content: contents.join(""),
        deltas: contents.length,
        finish: replies.find(({ finish }) => finish !== undefined)?.finish?.reason,
        outputTokens: Number(replies.find(({ usage }) => usage !== undefined)?.usage?.completion_tokens),
      };
    },
    async giveUp(model, text) {
      const { call, ended } = client.open(grpc.chatStream, toChat(model, text), asking);
      let seen = 0;
      call.on("data", () => {
        seen++;
        if (seen === 2) call.cancel();
      });
      await ended;
    },
    async usage(model) {
      const input = { model };
      const { reply } = await client.ask(grpc.operations.call, { name: "usage.list", input }, asking);
      return usageList.parse(reply?.output).usage.map(({ outcome }) => outcome);
    },
    async restart(name) {
      await client.ask(grpc.integrations.restart, { name }, asking);
    },
    async watch(integration) {
      const states: string[] = [];
      const kept = await client.ask(
        grpc.operations.call,
        { name: "events.list", input: { limit: 1_000 } },
        asking,
      );
      const { next_after_id } = eventList.parse(kept.reply?.output);
      const { call, ended } = client.open(
        grpc.integrations.watchEvents,
        { integration, after_id: String(next_after_id) },
        asking,
      );
      call.on("data", ({ data }: { readonly data?: unknown }) => {
        const change = stateChange.safeParse(data);
        if (change.success) states.push(change.data.to);
      });
      return {
        states,
        async stop() {
          call.cancel();
          await ended;
        },
      };
    },
    close: async () => client.close(),
  };
}
