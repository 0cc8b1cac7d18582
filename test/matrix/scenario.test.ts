import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { buildGoClient, createGoScenario, hasGo } from "./go-scenario.ts";
import { createGraphqlScenario } from "./graphql-scenario.ts";
import { createGrpcScenario } from "./grpc-scenario.ts";
import { createRestScenario } from "./rest-scenario.ts";
import { createAnthropicChat, createOllamaChat, createResponsesChat } from "./sdk-chats.ts";
import { createWebSocketScenario } from "./websocket-scenario.ts";
import type { ChatClient, ScenarioClient } from "./scenario-client.ts";

const key = "operator-key-0123456789";
/** A model file that the platform runs itself, and one of an upstream that speaks OpenAI's API. */
const localModel = "local/demo-chat";
const remoteModel = "fake/tiny-chat";

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai", tokenDelayMs: 5 });
  ollama = await createFakeUpstream({ dialect: "ollama", tokenDelayMs: 50 });
  platform = await startPlatform({
    config: {
      integrations: [
        openAiIntegration("fake", openai.origin),
        ollamaIntegration("ollama", ollama.origin),
        { name: "local", use: "local" },
      ],
      auth: { api_keys: [{ name: "operator", key, role: "operator" }] },
    },
  });
});

afterAll(async () => {
  await platform.stop();
  await openai.stop();
  await ollama.stop();
});

type Create<Client> = (platform: Platform, key: string) => Client | Promise<Client>;

const scenarioClients: Readonly<Record<string, Create<ScenarioClient>>> = {
  rest: createRestScenario,
  grpc: createGrpcScenario,
  websocket: createWebSocketScenario,
  graphql: createGraphqlScenario,
};
const chatClients: Readonly<Record<string, Create<ChatClient>>> = {
  ...scenarioClients,
  "ollama's client": createOllamaChat,
  "OpenAI's client for responses": createResponsesChat,
  "Anthropic's client": createAnthropicChat,
};

function chatsOver(create: Create<ChatClient>): void {
  test("are streamed from a local model and from an upstream, with their end and their tokens", async () => {
    const client = await create(platform, key);
    for (const model of [localModel, remoteModel]) {
      const { content, deltas, finish, outputTokens } = await client.chat(
        model,
        "What is the capital of France?",
      );
      expect(content, model).toMatch(/France/);
      expect(deltas, model).toBeGreaterThan(2);
      expect(finish, model).toMatch(/^(stop|end_turn|completed|STOP|FINISH_REASON_STOP)$/);
      expect(outputTokens, model).toBeGreaterThan(2);
    }
    await client.close();
  });

  test("that are given up end upstream within a second, and are on record so", async () => {
    const client = await create(platform, key);
    const countGivenUp = async () =>
      (await platform.ledgerRows({ count: 0 })).filter(({ outcome }) => outcome === "client_cancelled")
        .length;
    const before = await countGivenUp();
    openai.script({ kind: "stream", chunks: 400, intervalMs: 25 });
    await client.giveUp(remoteModel, "Tell me a long story.");
    const givenUpAtMs = performance.now();
    await openai.requests.findLast(({ method }) => method === "POST")?.closed;
    expect(performance.now() - givenUpAtMs).toBeLessThan(1_000);
    await expect.poll(countGivenUp).toBe(before + 1);
    await client.close();
  });
}

function livesOver(name: string, create: Create<ScenarioClient>): void {
  test("lists models, pulls one, chats, sees usage, restarts an integration and watches it", async () => {
    const client = await create(platform, key);
    expect(await client.models()).toEqual(expect.arrayContaining([localModel, remoteModel]));

    const pulled = `scenario-${name.replaceAll(/\W/g, "-").toLowerCase()}`;
    const phases = await client.pull(pulled);
    expect(phases.at(-1)).toBe("done");
    expect(phases.length).toBeGreaterThan(1);
    expect((await client.models()).join(" ")).toContain(`ollama/${pulled}`);

    await client.chat(remoteModel, "France");
    await expect.poll(() => client.usage("tiny-chat")).toContain("stop");

    const watch = await client.watch("fake");
    await client.restart("fake");
    await expect
      .poll(() => watch.states, { timeout: 5_000 })
      .toEqual(expect.arrayContaining(["stopping", "starting", "running"]));
    await watch.stop();
    await client.close();
  });
}

describe.each(Object.entries(chatClients))("chats over %s", (_name, create) => chatsOver(create));

describe.each(Object.entries(scenarioClients))("a person who speaks only %s", (name, create) =>
  livesOver(name, create),
);

describe.skipIf(!hasGo)("a program in Go, made from the contract", () => {
  let client: Awaited<ReturnType<typeof buildGoClient>>;
  beforeAll(async () => {
    client = await buildGoClient();
  }, 300_000);
  afterAll(() => client?.remove());
  const create: Create<ScenarioClient> = (server, asKey) =>
    createGoScenario(client.path, { platform: server, key: asKey });
  chatsOver(create);
  livesOver("go", create);
});
