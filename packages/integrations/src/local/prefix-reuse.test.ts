import { fileURLToPath } from "node:url";
import type { JsonObject, RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { endless } from "./chat-requests.test-data.ts";
import { localIntegration } from "./integration.ts";
import type { LocalSettings } from "./settings.ts";

const demoDirectory = fileURLToPath(new URL("../../../../models/demo/", import.meta.url));
const answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  usage: z.object({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.number() }),
  }),
});

let host: FakeHost<LocalSettings>;
let running: RunningIntegration;

beforeAll(async () => {
  const settings = { model_directories: [demoDirectory], threads: 1, keep_alive_seconds: -1 };
  host = await createFakeHost({ definition: localIntegration, settings });
  running = await host.start();
}, 30_000);

afterAll(async () => {
  await running.stop(new AbortController().signal);
  await host.cleanup();
});

async function ask(messages: readonly JsonObject[]) {
  const request = { messages, temperature: 0, max_tokens: 8 };
  const reply = await running.models?.send(createTestCall({ model: "demo-chat", request }));
  if (reply === undefined) throw new Error("it has no models");
  return answer.parse(JSON.parse(new TextDecoder().decode(await readReplyBody(reply.body))));
}

it("evaluates only what is new in the second turn of a conversation, also while others talk", async () => {
  const start = [
    { role: "system", content: `You know this: ${"the sky is blue, the grass is green. ".repeat(40)}` },
    { role: "user", content: "What is the colour of the sky?" },
  ];
  const first = await ask(start);
  await Promise.all(
    ["Hello!", "How are you?", "Good morning!"].map((content) => ask([{ role: "user", content }])),
  );
  const reply = first.choices[0]?.message.content ?? "";
  const second = await ask([
    ...start,
    { role: "assistant", content: reply },
    { role: "user", content: "And of the grass?" },
  ]);
  const { cached_tokens: cached } = second.usage.prompt_tokens_details;
  expect(first.usage.prompt_tokens).toBeGreaterThan(400);
  // All of the first turn's prompt; the reply as well, unless the template writes it otherwise than the model did.
  expect(cached).toBeGreaterThanOrEqual(first.usage.prompt_tokens - 1);
  expect(second.usage.prompt_tokens - cached).toBeLessThan(40);
}, 60_000);

it("answers a new chat while others still talk", async () => {
  // Every sequence has something to forget then.
  const earlier = Array.from({ length: 4 }, async (_, chat) =>
    ask([{ role: "user", content: `Tell me about the number ${chat}.` }]),
  );
  await Promise.all(earlier);
  const ended: string[] = [];
  const talk = async (content: string, tokens: number): Promise<void> => {
    const request = { ...endless, messages: [{ role: "user", content }], max_tokens: tokens };
    const reply = await running.models?.send(createTestCall({ model: "demo-chat", request }));
    if (reply !== undefined) await readReplyBody(reply.body);
    ended.push(content);
  };
  const long = ["one", "two", "three"].map(async (content) => await talk(content, 500));
  await talk("four", 2);
  expect(ended).toEqual(["four"]);
  await Promise.all(long);
}, 60_000);
