import { openAiCompatibleIntegration } from "@llm-platform/integrations";
import { Cancellation, type ModelPlatform, PlatformError } from "@llm-platform/kit";
import {
  createFakeHost,
  createTestCall,
  integrationContract,
  readReplyBody,
} from "@llm-platform/kit/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream, type FakeUpstreamOptions } from "../fakes/fake-upstream.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<FakeUpstreamOptions> = {}, settings: object = {}) {
  const fake = await createFakeUpstream({ dialect: "openai", ...options });
  cleanups.push(() => fake.stop());
  const host = await createFakeHost({
    definition: openAiCompatibleIntegration,
    settings: { base_url: `${fake.origin}/v1`, ...settings },
  });
  cleanups.push(() => host.cleanup());
  const running = await host.start();
  cleanups.push(() => running.stop(never));
  if (running.models === undefined) throw new Error("no models");
  return { fake, host, running, models: running.models };
}

const request = { messages: [{ role: "user", content: "Hello there" }] };

async function chat(models: ModelPlatform, stream = false): Promise<string> {
  const reply = await models.send(createTestCall({ model: "tiny-chat", request, stream }));
  return Buffer.from(await readReplyBody(reply.body)).toString();
}

describe("the contract", () => {
  let fake: FakeUpstream;
  let silent: SilentServer;
  beforeAll(async () => {
    fake = await createFakeUpstream({ dialect: "openai", profile: "vllm", apiKey: "sk-contract-1" });
    silent = await createSilentServer();
  });
  afterAll(async () => {
    await fake.stop();
    silent.stop();
  });

  const cases = (): ReturnType<typeof integrationContract> =>
    integrationContract({
      definition: openAiCompatibleIntegration,
      settings: { base_url: `${fake.origin}/v1`, api_key: "sk-contract-1" },
      breakSettings: { base_url: `${fake.origin}/v1`, api_key: "sk-wrong" },
      hangSettings: { base_url: `${silent.origin}/v1` },
      chatModel: "tiny-chat",
    });
  // The names do not depend on the addresses, which are not known before the servers listen.
  const names = integrationContract({
    definition: openAiCompatibleIntegration,
    settings: {},
    breakSettings: {},
    hangSettings: {},
    chatModel: "tiny-chat",
  }).map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await cases()[index]?.run();
  });
});

describe.each([
  ["openai", "openai"],
  ["vllm", "vllm"],
  ["llama-cpp", "llama_cpp"],
  ["textgen", "text_generation_webui"],
  ["lm-studio", "lm_studio"],
] as const)("with %s", (profile, provider) => {
  test("it finds out which server it is, is well, and lists its models", async () => {
    const { running, models } = await start({ profile });
    expect(models.provider).toBe(provider);
    expect(await running.health(never)).toEqual({ status: "ok" });
    const list = await models.list(never);
    expect(list.map(({ id }) => id)).toEqual(["tiny-chat", "tiny-embed"]);
    expect(list[1]?.operations).toEqual(["embedding"]);
  });

  test("the bytes of a call and of its reply go through as they are", async () => {
    const { fake, models } = await start({ profile });
    const call = createTestCall({ model: "tiny-chat", request, stream: true });
    const reply = await models.send(call);
    const text = Buffer.from(await readReplyBody(reply.body)).toString();
    expect(text).toContain("data: [DONE]");
    const posted = fake.requests.findLast(({ method }) => method === "POST");
    expect(posted?.bodyText).toBe(Buffer.from(call.body).toString());
  });
});

test("with LocalAI, named in the settings, its own health path is asked", async () => {
  const { fake, running, models } = await start({ profile: "localai" }, { profile: "localai" });
  expect(models.provider).toBe("localai");
  expect(await running.health(never)).toEqual({ status: "ok" });
  expect(fake.requests.at(-1)).toMatchObject({ method: "GET", path: "/readyz" });
});

test("a wrong key fails the start as upstream_auth", async () => {
  await expect(start({ apiKey: "sk-right" }, { api_key: "sk-wrong" })).rejects.toMatchObject({
    code: "upstream_auth",
  });
});

describe("faults", () => {
  test("an error status is a reply", async () => {
    const { fake, models } = await start();
    fake.script({ kind: "status", status: 429, retryAfter: { form: "seconds", value: 7 } });
    const reply = await models.send(createTestCall({ model: "tiny-chat", request }));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([429, "7"]);
    reply.body.cancel();
  });

  test.each([
    [{ kind: "reset-before-head" }, "upstream_error"],
    [{ kind: "reset-after-events", events: 1 }, "upstream_incomplete"],
  ] as const)("%j ends the call as %s", async (fault, code) => {
    const { fake, models } = await start();
    // A pooled connection is replaced once, so one reset may be healed.
    fake.script([fault, fault]);
    await expect(chat(models, true)).rejects.toMatchObject({ code });
  });

  test("a call that is cancelled before its head ends with the reason", async () => {
    const { fake, models } = await start();
    fake.script({ kind: "hang" });
    const cancellation = new Cancellation();
    const sent = models.send(createTestCall({ model: "tiny-chat", request, cancellation }));
    await fake.nextRequest({ method: "POST" });
    const reason = new PlatformError("client_cancelled", "The client left.");
    cancellation.cancel(reason);
    await expect(sent).rejects.toBe(reason);
  });

  test("a server that goes away and comes back is used again", async () => {
    const { fake, running, models } = await start();
    fake.refuse();
    expect((await running.health(never)).status).toBe("failed");
    await expect(chat(models)).rejects.toMatchObject({ code: "upstream_error" });
    await fake.listenOn();
    expect(await running.health(never)).toEqual({ status: "ok" });
    expect(await chat(models)).toContain("echo: Hello there");
  });
});
