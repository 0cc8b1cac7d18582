import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { onlyRow } from "./http.ts";
import {
  anthropicIntegration,
  ollamaIntegration,
  openAiIntegration,
  type Platform,
  startPlatform,
} from "./start-platform.ts";

type Upstream = {
  readonly name: string;
  readonly chat: string;
  /** A question that makes this model call `get_weather`. */
  readonly askWeather: string;
};

const upstreams: readonly Upstream[] = [
  { name: "local", chat: "demo-chat", askWeather: "What is the weather in Oslo?" },
  { name: "an Ollama server", chat: "cellar/tiny-chat:latest", askWeather: "get_weather for Oslo" },
  { name: "an OpenAI server", chat: "office/tiny-chat", askWeather: "get_weather for Oslo" },
  { name: "Anthropic", chat: "cloud/tiny-chat", askWeather: "get_weather for Oslo" },
];

const weatherTool: Anthropic.Tool = {
  name: "get_weather",
  description: "The weather in a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

let platform: Platform;
let openAiServer: FakeUpstream;
let ollamaServer: FakeUpstream;
let anthropicServer: FakeUpstream;
let client: Anthropic;

beforeAll(async () => {
  [openAiServer, ollamaServer, anthropicServer] = await Promise.all([
    createFakeUpstream({ dialect: "openai" }),
    createFakeUpstream({ dialect: "ollama" }),
    createFakeUpstream({ dialect: "anthropic", apiKey: "sk-ant-theirs" }),
  ]);
  platform = await startPlatform({
    config: {
      gateway: { max_retries: 0, breaker: { failures: 1_000 } },
      integrations: [
        { name: "local", use: "local" },
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
        anthropicIntegration("cloud", anthropicServer.origin, { api_key: "sk-ant-theirs" }),
      ],
    },
  });
  client = new Anthropic({ baseURL: platform.url, apiKey: "none", maxRetries: 0 });
});

beforeEach(() => Promise.all([openAiServer, ollamaServer, anthropicServer].map((server) => server.reset())));

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer, ollamaServer, anthropicServer].map((server) => server?.stop()));
});

const ask = (content: string): Anthropic.MessageParam[] => [{ role: "user", content }];

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

function expectCounted({ usage }: Anthropic.Message): void {
  expect(usage.input_tokens).toBeGreaterThan(0);
  expect(usage.output_tokens).toBeGreaterThan(0);
}

describe.each(upstreams)("over $name", ({ chat, askWeather }) => {
  test("a message is answered", async () => {
    const message = await client.messages.create({
      model: chat,
      max_tokens: 200,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: ask("Hello!"),
    });
    expect(message).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(textOf(message)).toBeTruthy();
    expectCounted(message);
  });

  test("a streamed message is the same as a whole one", async () => {
    const request = { model: chat, max_tokens: 200, messages: ask("Hello there!") };
    const whole = await client.messages.create(request);
    const stream = client.messages.stream(request);
    const deltas: string[] = [];
    stream.on("text", (delta) => deltas.push(delta));
    const streamed = await stream.finalMessage();
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join("")).toBe(textOf(whole));
    expect(textOf(streamed)).toBe(textOf(whole));
    expect(streamed.stop_reason).toBe(whole.stop_reason);
    expectCounted(streamed);
  });

  test("the events of a stream come in Anthropic's order, each block whole", async () => {
    const names: string[] = [];
    for await (const event of await client.messages.create({
      model: chat,
      max_tokens: 200,
      messages: ask("Hello!"),
      stream: true,
    }))
      names.push(event.type);
    const order = names.filter((name, index) => name !== names[index - 1]);
    expect(order).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  test("a bound of tokens ends a message with max_tokens", async () => {
    const message = await client.messages.create({
      model: chat,
      max_tokens: 2,
      messages: ask("one two three four"),
    });
    expect(message.stop_reason).toBe("max_tokens");
    expect(message.usage.output_tokens).toBeLessThanOrEqual(2);
  });

  test("a tool is called, and its result is answered", async () => {
    const request = { model: chat, max_tokens: 200, tools: [weatherTool] };
    const called = await client.messages.create({ ...request, messages: ask(askWeather) });
    expect(called.stop_reason).toBe("tool_use");
    const use = called.content.find((block) => block.type === "tool_use");
    expect(use).toMatchObject({ name: "get_weather", input: { city: expect.any(String) } });
    const streamed = await client.messages.stream({ ...request, messages: ask(askWeather) }).finalMessage();
    expect(streamed.content.find((block) => block.type === "tool_use")).toMatchObject({
      name: "get_weather",
      input: use?.input,
    });
    const answered = await client.messages.create({
      ...request,
      messages: [
        ...ask(askWeather),
        { role: "assistant", content: called.content },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: use?.id ?? "", content: "rain, 7 degrees" }],
        },
      ],
    });
    expect(textOf(answered)).toBeTruthy();
  });

  test("tokens are counted without an answer", async () => {
    const messages = ask("How many tokens does this have?");
    const { input_tokens: tokens } = await client.messages.countTokens({ model: chat, messages });
    expect(tokens).toBeGreaterThan(5);
  });
});

describe.each([
  ["openai", "office/tiny-chat", () => openAiServer],
  ["ollama", "cellar/tiny-chat:latest", () => ollamaServer],
  ["anthropic", "cloud/tiny-chat", () => anthropicServer],
] as const)("over an upstream of the dialect %s", (_dialect, model, server) => {
  test.each(["breaks off", "aborts"])(
    "a client that %s lets the upstream go, which is on record",
    async (how) => {
      server().script({ kind: "stream", chunks: 1_000, intervalMs: 20 });
      const gone = new AbortController();
      const { data: stream, request_id: requestId } = await client.messages
        .create({ model, max_tokens: 2_000, messages: ask("hi"), stream: true }, { signal: gone.signal })
        .withResponse();
      for await (const event of stream) {
        if (event.type !== "content_block_delta") continue;
        if (how === "breaks off") break;
        gone.abort();
      }
      const row = await onlyRow(platform, requestId ?? "");
      expect(row).toMatchObject({ outcome: "client_cancelled", usageSource: "estimated" });
    },
  );
});

test("bytes pass from one to the other where both speak Anthropic's dialect", async () => {
  const body = JSON.stringify({
    model: "tiny-chat",
    max_tokens: 50,
    stream: true,
    messages: ask("as it is"),
  });
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };
  const direct = await fetch(`${anthropicServer.origin}/v1/messages`, {
    method: "POST",
    body,
    headers: { ...headers, "x-api-key": "sk-ant-theirs" },
  });
  const passed = await fetch(`${platform.url}/v1/messages`, {
    method: "POST",
    body: body.replace('"tiny-chat"', '"cloud/tiny-chat"'),
    headers: { ...headers, "anthropic-beta": "context-1m-2025-08-07" },
  });
  expect(passed.headers.get("request-id")).toBe(passed.headers.get("x-request-id"));
  expect(await passed.text()).toBe(await direct.text());
  const request = anthropicServer.requests.findLast(({ method }) => method === "POST");
  expect(request?.bodyText).toBe(body);
  expect(request?.header("anthropic-beta")).toBe("context-1m-2025-08-07");
});

test("images, thoughts and what Anthropic signed pass between both as they are, and reach OpenAI's shape in its words", async () => {
  const messages: Anthropic.MessageParam[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "text", text: "A dot." },
      ],
    },
    { role: "user", content: "And now?" },
  ];
  const thinking = { type: "enabled", budget_tokens: 1_024 } as const;
  await client.messages.create({ model: "cloud/tiny-chat", max_tokens: 2_000, messages, thinking });
  const theirs = JSON.parse(
    anthropicServer.requests.findLast(({ method }) => method === "POST")?.bodyText ?? "",
  );
  expect(theirs).toMatchObject({ model: "tiny-chat", messages, thinking });

  await client.messages.create({ model: "office/tiny-chat", max_tokens: 2_000, messages, thinking });
  const others = JSON.parse(
    openAiServer.requests.findLast(({ method }) => method === "POST")?.bodyText ?? "",
  );
  expect(others).toMatchObject({
    model: "tiny-chat",
    reasoning_effort: "low",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
        ],
      },
      { role: "assistant", content: "A dot." },
      { role: "user", content: "And now?" },
    ],
  });
});

test("an OpenAI client reaches Anthropic", async () => {
  const response = await fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "cloud/tiny-chat",
      messages: [{ role: "user", content: "Hello" }],
      reasoning_effort: "low",
    }),
  });
  expect(await response.json()).toMatchObject({
    object: "chat.completion",
    choices: [
      {
        message: { content: "echo: Hello", reasoning_content: "thinking about: Hello" },
        finish_reason: "stop",
      },
    ],
  });
});

describe("models", () => {
  test("are listed in Anthropic's shape for its client, page by page", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 2 })) {
      expect(model).toMatchObject({ type: "model", display_name: model.id, created_at: expect.any(String) });
      ids.push(model.id);
    }
    expect(ids).toContain("demo-chat");
    expect(new Set(ids).size).toBe(ids.length);
    const openAi = z
      .object({ object: z.literal("list"), data: z.array(z.unknown()) })
      .parse(await (await fetch(`${platform.url}/v1/models`)).json());
    expect(ids).toHaveLength(openAi.data.length);
    expect(await client.models.retrieve("demo-chat")).toMatchObject({ type: "model", id: "demo-chat" });
  });

  test("that do not exist are a NotFoundError", async () => {
    await expect(client.models.retrieve("none")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("errors are those of the SDK", () => {
  const create = (more: object = {}, options: object = {}) =>
    client.messages.create(
      { model: "office/tiny-chat", max_tokens: 10, messages: ask("hi"), ...more },
      options,
    );

  test.each([
    [{ model: "none" }, Anthropic.NotFoundError, "not_found_error"],
    [{ max_tokens: 0 }, Anthropic.BadRequestError, "invalid_request_error"],
    [{ messages: [] }, Anthropic.BadRequestError, "invalid_request_error"],
    [
      { tools: [{ type: "web_search_20250305", name: "web_search" }] },
      Anthropic.BadRequestError,
      "invalid_request_error",
    ],
    [
      { context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } },
      Anthropic.BadRequestError,
      "invalid_request_error",
    ],
  ])("a request with %j", async (more, kind, type) => {
    const failure: unknown = await create(more).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({
      error: { type: "error", error: { type }, request_id: expect.stringMatching(/^req_/) },
    });
    expect(failure).toMatchObject({ requestID: expect.stringMatching(/^req_/) });
  });

  test.each([
    [429, Anthropic.RateLimitError, "rate_limit_error"],
    [500, Anthropic.InternalServerError, "api_error"],
    [400, Anthropic.BadRequestError, "invalid_request_error"],
  ])("an upstream's %i", async (status, kind, type) => {
    openAiServer.script({ kind: "status", status });
    const failure: unknown = await create().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ error: { error: { type } } });
  });

  test("a version that is not served, or none", async () => {
    for (const version of [null, "2023-01-01"]) {
      const failure: unknown = await create({}, { headers: { "anthropic-version": version } }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Anthropic.BadRequestError);
      expect(failure).toMatchObject({ error: { error: { param: "anthropic-version" } } });
    }
  });

  test("an error in the middle of a stream", async () => {
    const slowly = { kind: "stream", intervalMs: 20 } as const;
    openAiServer.script({ kind: "together", faults: [slowly, { kind: "error-event", events: 3 }] });
    const stream = await client.messages.create({
      model: "office/tiny-chat",
      max_tokens: 50,
      messages: ask("one two three four"),
      stream: true,
    });
    const read = async () => {
      for await (const event of stream) expect(event.type).not.toBe("message_stop");
    };
    await expect(read()).rejects.toMatchObject({ error: { type: "error", error: { type: "api_error" } } });
  });

  test("what the upstream failed at is not tried again by the SDK: the platform has done so", async () => {
    openAiServer.always({ kind: "status", status: 500 });
    const before = openAiServer.totalRequests;
    const patient = new Anthropic({ baseURL: platform.url, apiKey: "none", maxRetries: 2 });
    await expect(
      patient.messages.create({ model: "office/tiny-chat", max_tokens: 10, messages: ask("hi") }),
    ).rejects.toBeInstanceOf(Anthropic.InternalServerError);
    expect(openAiServer.totalRequests - before).toBe(1);
  });
});
