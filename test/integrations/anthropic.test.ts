import { anthropicIntegration } from "@llm-platform/integrations";
import type { ModelPlatform } from "@llm-platform/kit";
import {
  createFakeHost,
  createTestCall,
  integrationContract,
  readReplyBody,
} from "@llm-platform/kit/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(models: readonly string[] = ["tiny-chat"], settings: object = {}) {
  const fake = await createFakeUpstream({ dialect: "anthropic", models, apiKey: "sk-ant-1" });
  cleanups.push(() => fake.stop());
  const host = await createFakeHost({
    definition: anthropicIntegration,
    settings: { base_url: fake.origin, api_key: "sk-ant-1", ...settings },
  });
  cleanups.push(() => host.cleanup());
  const running = await host.start();
  cleanups.push(() => running.stop(never));
  if (running.models === undefined) throw new Error("no models");
  return { fake, running, models: running.models };
}

describe("the contract", () => {
  let fake: FakeUpstream;
  let silent: SilentServer;
  beforeAll(async () => {
    fake = await createFakeUpstream({ dialect: "anthropic", apiKey: "sk-contract-1" });
    silent = await createSilentServer();
  });
  afterAll(async () => {
    await fake.stop();
    silent.stop();
  });

  const casesFor = (origin: string, silentOrigin: string): ReturnType<typeof integrationContract> =>
    integrationContract({
      definition: anthropicIntegration,
      settings: { base_url: origin, api_key: "sk-contract-1" },
      breakSettings: { base_url: "http://127.0.0.1:1", api_key: "sk-contract-1" },
      hangSettings: { base_url: silentOrigin, api_key: "sk-contract-1" },
      chatModel: "tiny-chat",
    });
  // The names do not depend on the addresses, which are not known before the servers listen.
  const names = casesFor("", "").map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await casesFor(fake.origin, silent.origin)[index]?.run();
  });
});

async function send(models: ModelPlatform, more: object = {}) {
  const { codec } = models;
  if (codec === undefined) throw new Error("no codec");
  const call = createTestCall({
    model: "tiny-chat",
    codec,
    operation: "chat",
    stream: false,
    request: { messages: [{ role: "user", content: "Hello" }] },
  });
  const reply = await models.send(Object.assign(call, more));
  return JSON.parse(Buffer.from(await readReplyBody(reply.body)).toString("utf8"));
}

test("a call carries the key, the version and the betas of its client, and a bound for a client that names none", async () => {
  const { fake, models } = await start();
  await send(models, { dialectHeaders: [["anthropic-beta", "context-1m"]] });
  const request = fake.requests.findLast(({ method }) => method === "POST");
  expect(request?.header("x-api-key")).toBe("sk-ant-1");
  expect(request?.header("authorization")).toBeUndefined();
  expect(request?.header("anthropic-version")).toBe("2023-06-01");
  expect(request?.header("anthropic-beta")).toBe("context-1m");
  expect(JSON.parse(request?.bodyText ?? "")).toEqual({
    model: "tiny-chat",
    max_tokens: 4_096,
    messages: [{ role: "user", content: "Hello" }],
  });
});

test("a list of models is read over its pages", async () => {
  const ids = Array.from({ length: 1_200 }, (_none, at) => `claude-${at}`);
  const { models } = await start(ids);
  const list = await models.list(never);
  expect(list.map(({ id }) => id)).toEqual(ids);
  expect(list[0]).toEqual({
    id: "claude-0",
    operations: ["chat"],
    ownedBy: "anthropic",
    createdAtSeconds: 1_763_877_600,
    contextTokens: 200_000,
  });
});

test("of the models that are named, those are offered that the server does not list too", async () => {
  const { models } = await start(["tiny-chat"], { models: ["tiny-chat", "claude-next"] });
  expect((await models.list(never)).map(({ id }) => id)).toEqual(["tiny-chat", "claude-next"]);
});

test("a key that is refused is what the probe says", async () => {
  const { fake, running } = await start();
  fake.always({ kind: "status", status: 401 }, { method: "GET" });
  expect(await running.health(never)).toMatchObject({ status: "auth_required" });
});

test("the tokens of a prompt are counted by the server", async () => {
  const { models } = await start();
  const body = { model: "tiny-chat", messages: [{ role: "user", content: "one two three" }] };
  expect(await models.countTokens?.(body, never)).toBe(7);
});
