import { ollamaIntegration } from "@llm-platform/integrations";
import {
  Cancellation,
  type JsonObject,
  type ModelEvent,
  type ModelPlatform,
  type Operation,
  PlatformError,
  type ReplyBody,
  type ReplyDecoder,
} from "@llm-platform/kit";
import { createFakeHost, createTestCall, integrationContract } from "@llm-platform/kit/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  createFakeUpstream,
  type Fault,
  type FakeUpstream,
  type FakeUpstreamOptions,
} from "../fakes/fake-upstream.ts";
import { createSilentServer, type SilentServer } from "./silent-server.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: Partial<FakeUpstreamOptions> = {}, settings: object = {}) {
  const fake = await createFakeUpstream({ dialect: "ollama", ...options });
  cleanups.push(() => fake.stop());
  const host = await createFakeHost({
    definition: ollamaIntegration,
    settings: { base_url: fake.origin, ...settings },
  });
  cleanups.push(() => host.cleanup());
  const running = await host.start();
  cleanups.push(() => running.stop(never));
  if (running.models === undefined) throw new Error("no models");
  return { fake, host, running, models: running.models };
}

interface Question {
  readonly request: JsonObject;
  readonly operation?: Operation;
  readonly stream?: boolean;
  readonly model?: string;
  readonly estimatedInputTokens?: number;
}

/** Sends a call through the codec, there and back, as the gateway does. */
async function ask(models: ModelPlatform, question: Question): Promise<readonly ModelEvent[]> {
  const { codec } = models;
  if (codec === undefined) throw new Error("no codec");
  const { operation = "chat", stream = false, estimatedInputTokens = 1 } = question;
  const reply = await models.send(
    createTestCall({ model: "tiny-chat:latest", codec, operation, stream, ...question }),
  );
  const decoder = codec.createReplyDecoder({ operation, stream, estimatedInputTokens });
  return readEvents(reply.body, decoder);
}

/** Every event of a reply. Rejects with the first error of the body or of the decoder. */
function readEvents(body: ReplyBody, decoder: ReplyDecoder): Promise<readonly ModelEvent[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ModelEvent[]>();
  const events: ModelEvent[] = [];
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      body.cancel();
      reject(error);
    }
  };
  body.read({
    data: (chunk) => attempt(() => void events.push(...decoder.push(chunk))),
    end: () => attempt(() => resolve([...events, ...decoder.end()])),
    fail: reject,
  });
  return promise;
}

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "delta" ? (event.content ?? "") : "")).join("");
const typesOf = (events: readonly ModelEvent[]): readonly string[] => [
  ...new Set(events.map(({ type }) => type)),
];
const hello: JsonObject = { messages: [{ role: "user", content: "Hello there, Zoë 🌍" }] };

describe("the contract", () => {
  let fake: FakeUpstream;
  let silent: SilentServer;
  beforeAll(async () => {
    fake = await createFakeUpstream({ dialect: "ollama", apiKey: "sk-contract-1" });
    silent = await createSilentServer();
  });
  afterAll(async () => {
    await fake.stop();
    silent.stop();
  });

  const casesFor = (origin: string, silentOrigin: string): ReturnType<typeof integrationContract> =>
    integrationContract({
      definition: ollamaIntegration,
      settings: { base_url: origin, api_key: "sk-contract-1" },
      breakSettings: { base_url: "http://127.0.0.1:1" },
      hangSettings: { base_url: silentOrigin },
      chatModel: "tiny-chat:latest",
    });
  // The names do not depend on the addresses, which are not known before the servers listen.
  const names = casesFor("", "").map(({ name }) => name);
  test.each(names.map((name, index) => [name, index] as const))("%s", async (_name, index) => {
    await casesFor(fake.origin, silent.origin)[index]?.run();
  });
});

describe("there and back", () => {
  test.each([false, true])("a chat brings text, an end and usage (stream: %s)", async (stream) => {
    const { models } = await start();
    const events = await ask(models, { request: hello, stream });
    expect(textOf(events)).toBe("echo: Hello there, Zoë 🌍");
    expect(typesOf(events)).toEqual(["delta", "finish", "usage", "end"]);
    expect(events).toContainEqual({ type: "finish", choice: 0, reason: "stop" });
  });

  test("a token limit ends the reply as length", async () => {
    const { models } = await start();
    const events = await ask(models, { request: { ...hello, max_tokens: 2 }, stream: true });
    expect(events).toContainEqual({ type: "finish", choice: 0, reason: "length" });
  });

  test.each([false, true])("a tool call comes with its arguments as text (stream: %s)", async (stream) => {
    const { models } = await start();
    const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const request = {
      messages: [{ role: "user", content: "use get_weather" }],
      tools: [{ type: "function", function: { name: "get_weather", parameters } }],
    };
    const events = await ask(models, { request, stream });
    const calls = events.flatMap((event) => (event.type === "delta" ? (event.toolCalls ?? []) : []));
    expect(calls).toMatchObject([{ index: 0, name: "get_weather", id: expect.stringMatching(/^call_/) }]);
    expect(JSON.parse(calls[0]?.argumentsText ?? "")).toHaveProperty("city");
    expect(events).toContainEqual({ type: "finish", choice: 0, reason: "tool_calls" });
  });

  test("a JSON schema binds the answer", async () => {
    const { models } = await start();
    const schema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    const request = {
      ...hello,
      response_format: { type: "json_schema", json_schema: { name: "a", schema } },
    };
    expect(JSON.parse(textOf(await ask(models, { request })))).toHaveProperty("age");
  });

  test("a completion and embeddings work too", async () => {
    const { models } = await start();
    const completed = await ask(models, {
      operation: "completion",
      request: { prompt: "Once" },
      stream: true,
    });
    expect(textOf(completed)).toContain("Once");
    const embedded = await ask(models, {
      operation: "embedding",
      model: "tiny-embed:latest",
      request: { input: ["a", "b"] },
    });
    expect(embedded.filter(({ type }) => type === "embedding")).toHaveLength(2);
    expect(embedded.at(-1)).toEqual({ type: "end" });
  });

  test("a prompt that the server cut is warned of", async () => {
    const { models } = await start({}, { context_tokens: 256 });
    const request = { messages: [{ role: "user", content: "word ".repeat(1_000) }] };
    const events = await ask(models, { request, estimatedInputTokens: 1_000 });
    expect(typesOf(events)).toContain("warning");
  });

  test("a model that is not there is an error without the server's text", async () => {
    const { models } = await start();
    const [event] = await ask(models, { request: hello, model: "none" });
    expect(event).toMatchObject({ type: "error", error: { code: "model_not_found" } });
  });
});

describe("faults", () => {
  test.each<[Fault, string]>([
    [{ kind: "html" }, "upstream_malformed"],
    [{ kind: "invalid-json", events: 1 }, "upstream_malformed"],
    [{ kind: "huge-line", events: 1, bytes: 3_000_000 }, "upstream_malformed"],
    [{ kind: "reset-after-events", events: 2 }, "upstream_incomplete"],
  ])("%j fails the reply as %s", async (fault, code) => {
    const { fake, models } = await start();
    fake.script(fault);
    await expect(ask(models, { request: hello, stream: true })).rejects.toMatchObject({ code });
  });

  test.each<[Fault]>([[{ kind: "end-after-events", events: 2 }], [{ kind: "missing-finish" }]])(
    "%j gives a reply without an end, and none is made up",
    async (fault) => {
      const { fake, models } = await start();
      fake.script(fault);
      expect(typesOf(await ask(models, { request: hello, stream: true }))).toEqual(["delta"]);
    },
  );

  test("an error in the middle is told by its kind, not by its text", async () => {
    const { fake, models } = await start();
    const message = "CUDA error at /home/ann/.ollama sk-secret";
    fake.script({ kind: "error-event", events: 1, message });
    const events = await ask(models, { request: hello, stream: true });
    const last = events.at(-1);
    expect(last).toMatchObject({ type: "error", error: { code: "upstream_error" } });
    expect(last?.type === "error" && last.error.message).not.toContain("ann");
  });

  test("bytes that come one by one give the same reply", async () => {
    const { fake, models } = await start();
    fake.script({ kind: "drip", bytes: 1 });
    expect(textOf(await ask(models, { request: hello, stream: true }))).toBe("echo: Hello there, Zoë 🌍");
  });

  test("no usage is reported where the server reports none", async () => {
    const { fake, models } = await start();
    fake.script({ kind: "no-usage" });
    expect(typesOf(await ask(models, { request: hello, stream: true }))).toEqual(["delta", "finish", "end"]);
  });

  test("a call that is cancelled before its head ends with the reason", async () => {
    const { fake, models } = await start();
    fake.script({ kind: "hang" });
    const cancellation = new Cancellation();
    const { codec } = models;
    if (codec === undefined) throw new Error("no codec");
    const sent = models.send(
      createTestCall({ model: "tiny-chat:latest", codec, request: hello, cancellation }),
    );
    await fake.nextRequest({ method: "POST", path: "/api/chat" });
    const reason = new PlatformError("client_cancelled", "The client left.");
    cancellation.cancel(reason);
    await expect(sent).rejects.toBe(reason);
  });
});
