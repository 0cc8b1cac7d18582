import { fileURLToPath } from "node:url";
import { createFakeHost, createTestCall, readReplyBody } from "@llm-platform/kit/testing";
import { expect, it } from "vitest";
import { endless } from "./chat-requests.test-data.ts";
import { localIntegration } from "./integration.ts";

const demoDirectory = fileURLToPath(new URL("../../../../models/demo/", import.meta.url));
const { signal } = new AbortController();

it("loads a model twice for a rush, is told so, and lets both go together", async () => {
  const settings = { model_directories: [demoDirectory], threads: 1, parallel: 1, max_instances: 2 };
  const host = await createFakeHost({ definition: localIntegration, settings });
  const running = await host.start();
  try {
    const { models } = running;
    await models?.load?.("demo-chat", signal);
    const ask = async (): Promise<string> => {
      const reply = await models?.send(createTestCall({ model: "demo-chat", request: endless }));
      if (reply === undefined) throw new Error("a model platform answers");
      return new TextDecoder().decode(await readReplyBody(reply.body));
    };
    const replies = [ask(), ask(), ask()];
    const loaded = async () => (await models?.loaded?.(signal))?.map(({ id }) => id);
    await expect.poll(loaded, { timeout: 60_000 }).toEqual(["demo-chat", "demo-chat"]);
    replies.push(ask());
    for (const reply of replies) expect(await reply).toContain('"completion_tokens":600');
    await models?.unload?.("demo-chat", signal);
    expect(await loaded()).toEqual([]);
  } finally {
    await running.stop(signal);
    await host.cleanup();
  }
}, 120_000);
