import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { shapeOf } from "./sdk-result-shape.ts";
import { personSchema, weatherTool } from "./sdk-schemas.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

type Upstream = {
  readonly name: string;
  readonly chat: string;
  readonly embed: string;
  /** A question that makes this model call `get_weather`. */
  readonly askWeather: string;
};

const upstreams: readonly Upstream[] = [
  { name: "local", chat: "demo-chat", embed: "demo-embed", askWeather: "What is the weather in Oslo?" },
  {
    name: "an Ollama server",
    chat: "cellar/tiny-chat:latest",
    embed: "cellar/tiny-embed:latest",
    askWeather: "get_weather for Oslo",
  },
  {
    name: "an OpenAI server",
    chat: "office/tiny-chat",
    embed: "office/tiny-embed",
    askWeather: "get_weather for Oslo",
  },
];

let platform: Platform;
let openAiServer: FakeUpstream;
let ollamaServer: FakeUpstream;
let client: OpenAI;

beforeAll(async () => {
  [openAiServer, ollamaServer] = await Promise.all([
    createFakeUpstream({ dialect: "openai" }),
    createFakeUpstream({ dialect: "ollama" }),
  ]);
  platform = await startPlatform({
    config: {
      integrations: [
        { name: "local", use: "local" },
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
      ],
    },
  });
  client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: "none", maxRetries: 0 });
});

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer?.stop(), ollamaServer?.stop()]);
});

function ask(content: string): [{ role: "user"; content: string }] {
  return [{ role: "user", content }];
}

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function textOf(chunks: readonly OpenAI.ChatCompletionChunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

function endOf(
  chunks: readonly { readonly choices: readonly { readonly finish_reason: string | null }[] }[],
): readonly string[] {
  return chunks.flatMap(({ choices }) => choices.flatMap(({ finish_reason: end }) => end ?? []));
}

function expectUsage(usage: OpenAI.CompletionUsage | null | undefined): void {
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
  expect(usage?.completion_tokens).toBeGreaterThan(0);
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
}

function expectWeatherCall(calls: readonly OpenAI.ChatCompletionMessageToolCall[] | undefined): void {
  expect(calls).toHaveLength(1);
  const [call] = calls ?? [];
  expect(call?.id).toBeTruthy();
  expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
  const given = call?.type === "function" ? call.function.arguments : "";
  expect(JSON.parse(given)).toEqual({ city: expect.any(String) });
}

type Case = {
  readonly name: string;
  /** Asserts what must hold of any upstream; settles with the result whose shape is compared. */
  run(upstream: Upstream): Promise<unknown>;
};

const chatCases: readonly Case[] = [
  {
    name: "a chat",
    async run({ chat }) {
      const result = await client.chat.completions.create({
        model: chat,
        messages: ask("Hello!"),
        temperature: 0,
      });
      expect(result.object).toBe("chat.completion");
      expect(result.choices[0]?.message.content).toBeTruthy();
      expect(result.choices[0]?.finish_reason).toBe("stop");
      expectUsage(result.usage);
      return result;
    },
  },
  {
    name: "a chat cut by max_completion_tokens",
    async run({ chat }) {
      const result = await client.chat.completions.create({
        model: chat,
        messages: ask("Please count to 7"),
        max_completion_tokens: 2,
        temperature: 0,
      });
      expect(result.choices[0]?.finish_reason).toBe("length");
      expect(result.usage?.completion_tokens).toBeLessThanOrEqual(2);
      return result;
    },
  },
  {
    name: "a streamed chat",
    async run({ chat }) {
      const chunks = await collectAll(
        await client.chat.completions.create({
          model: chat,
          messages: ask("Hello!"),
          stream: true,
          temperature: 0,
        }),
      );
      expect(chunks.every(({ object }) => object === "chat.completion.chunk")).toBe(true);
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      expect(textOf(chunks)).toBeTruthy();
      expect(endOf(chunks)).toEqual(["stop"]);
      expect(chunks.filter(({ usage }) => (usage ?? null) !== null)).toEqual([]);
      return chunks;
    },
  },
  {
    name: "a streamed chat with its usage",
    async run({ chat }) {
      const chunks = await collectAll(
        await client.chat.completions.create({
          model: chat,
          messages: ask("Hello!"),
          stream: true,
          stream_options: { include_usage: true },
          temperature: 0,
        }),
      );
      const last = chunks.at(-1);
      expect(last?.choices).toEqual([]);
      expectUsage(last?.usage);
      expect(chunks.slice(0, -1).filter(({ usage }) => (usage ?? null) !== null)).toEqual([]);
      return chunks;
    },
  },
  {
    name: "a JSON schema",
    async run({ chat }) {
      const result = await client.chat.completions.create({
        model: chat,
        messages: ask("Anna is 30 years old. Give name and age as JSON."),
        response_format: personSchema,
        temperature: 0,
      });
      const filled: unknown = JSON.parse(result.choices[0]?.message.content ?? "");
      expect(filled).toEqual({ name: expect.any(String), age: expect.any(Number) });
      expect(result.choices[0]?.finish_reason).toBe("stop");
      return result;
    },
  },
];

const toolCases: readonly Case[] = [
  {
    name: "a tool call",
    async run({ chat, askWeather }) {
      const result = await client.chat.completions.create({
        model: chat,
        messages: ask(askWeather),
        tools: [weatherTool],
        temperature: 0,
      });
      expect(result.choices[0]?.finish_reason).toBe("tool_calls");
      expectWeatherCall(result.choices[0]?.message.tool_calls);
      expectUsage(result.usage);
      return result;
    },
  },
  {
    name: "a streamed tool call",
    async run({ chat, askWeather }) {
      const stream = client.chat.completions.stream({
        model: chat,
        messages: ask(askWeather),
        tools: [weatherTool],
        temperature: 0,
      });
      const result = await stream.finalChatCompletion();
      expect(result.choices[0]?.finish_reason).toBe("tool_calls");
      expectWeatherCall(result.choices[0]?.message.tool_calls);
      return result;
    },
  },
  {
    name: "the answer to a tool's result",
    async run({ chat, askWeather }) {
      const call = {
        id: "call_1",
        type: "function",
        function: { name: "get_weather", arguments: '{"city": "Oslo"}' },
      } as const;
      const result = await client.chat.completions.create({
        model: chat,
        messages: [
          { role: "user", content: askWeather },
          { role: "assistant", content: null, tool_calls: [call] },
          { role: "tool", tool_call_id: "call_1", content: '{"temperature": 12, "sky": "sunny"}' },
        ],
        tools: [weatherTool],
        temperature: 0,
      });
      expect(result.choices[0]?.finish_reason).toBe("stop");
      expect(result.choices[0]?.message.content).toBeTruthy();
      return result;
    },
  },
];

const otherCases: readonly Case[] = [
  {
    name: "a completion",
    async run({ chat }) {
      const result = await client.completions.create({
        model: chat,
        prompt: "One, two, three,",
        temperature: 0,
        max_tokens: 16,
      });
      expect(result.object).toBe("text_completion");
      expect(["stop", "length"]).toContain(result.choices[0]?.finish_reason);
      expect(result.choices[0]?.text).toBeTruthy();
      expectUsage(result.usage);
      return result;
    },
  },
  {
    name: "a streamed completion",
    async run({ chat }) {
      const chunks = await collectAll(
        await client.completions.create({
          model: chat,
          prompt: "One, two, three,",
          temperature: 0,
          max_tokens: 16,
          stream: true,
          stream_options: { include_usage: true },
        }),
      );
      expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBeTruthy();
      expect(endOf(chunks)).toHaveLength(1);
      expectUsage(chunks.at(-1)?.usage);
      return chunks;
    },
  },
  {
    name: "embeddings in the SDK's own encoding",
    async run({ embed }) {
      const result = await client.embeddings.create({ model: embed, input: ["a cat sleeps", "a dog runs"] });
      expect(result.data.map(({ index }) => index)).toEqual([0, 1]);
      for (const { embedding } of result.data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 2);
      expect(result.usage.prompt_tokens).toBeGreaterThan(0);
      return result;
    },
  },
  {
    name: "embeddings as numbers",
    async run({ embed }) {
      const input = "a cat sleeps";
      const [asNumbers, decoded] = await Promise.all([
        client.embeddings.create({ model: embed, input, encoding_format: "float" }),
        client.embeddings.create({ model: embed, input }),
      ]);
      const numbers = asNumbers.data[0]?.embedding ?? [];
      expect(numbers.length).toBeGreaterThan(8);
      const ours = decoded.data[0]?.embedding ?? [];
      expect(ours).toHaveLength(numbers.length);
      ours.forEach((value, at) => expect(value).toBeCloseTo(numbers[at] ?? Number.NaN, 4));
      return asNumbers;
    },
  },
];

describe("OpenAI's own SDK gets results of one shape from every kind of upstream", () => {
  test.each([...chatCases, ...toolCases, ...otherCases])("$name", async ({ run }) => {
    const shapes: (readonly [string, readonly string[]])[] = [];
    for (const upstream of upstreams) shapes.push([upstream.name, shapeOf(await run(upstream))]);
    const [[, expected] = ["", []]] = shapes;
    expect(expected).not.toEqual([]);
    for (const [name, shape] of shapes) expect({ name, shape }).toEqual({ name, shape: expected });
  });
});

describe("OpenAI's own SDK meets errors that it knows", () => {
  test("an unknown model is a NotFoundError with the request's id", async () => {
    const error: unknown = await client.chat.completions
      .create({ model: "no-such-model", messages: ask("Hello!") })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
      requestID: expect.stringMatching(/^req_/),
    });
  });

  test.each(upstreams)("a wrong field is a BadRequestError that names it: $name", async ({ chat }) => {
    const error: unknown = await client
      .post("/chat/completions", { body: { model: chat, messages: "Hello!" } })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({
      status: 400,
      param: "messages",
      requestID: expect.stringMatching(/^req_/),
    });
  });

  test.each([
    { name: "an OpenAI server", chat: "office/tiny-chat", server: () => openAiServer },
    { name: "an Ollama server", chat: "cellar/tiny-chat:latest", server: () => ollamaServer },
  ])("a stream that breaks off throws: $name", async ({ chat, server }) => {
    server().script({ kind: "reset-after-events", events: 3 });
    const stream = await client.chat.completions.create({
      model: chat,
      messages: ask("one two three four five"),
      stream: true,
    });
    const error: unknown = await collectAll(stream).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: expect.stringMatching(/^upstream_/) });
  });

  test("a stream that the caller leaves is recorded as cancelled", async () => {
    openAiServer.script({ kind: "silence-after-events", events: 3 });
    const { data: stream, response } = await client.chat.completions
      .create({ model: "office/tiny-chat", messages: ask("one two three four five"), stream: true })
      .withResponse();
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
    const requestId = response.headers.get("x-request-id") ?? "";
    const [row] = await platform.ledgerRows({ count: 1, requestId });
    expect(row).toMatchObject({ outcome: "client_cancelled", stream: true });
  });
});

describe("OpenAI's own SDK sees the models", () => {
  test("the list names every upstream's models", async () => {
    const ids = (await collectAll(client.models.list())).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["demo-chat", "demo-embed", "tiny-chat", "tiny-chat:latest"]));
  });

  test.each(["demo-chat", "office/tiny-chat", "cellar/tiny-chat:latest"])(
    "one can be had: %s",
    async (id) => {
      await expect(client.models.retrieve(id)).resolves.toMatchObject({ id, object: "model" });
    },
  );

  test("an unknown one is a NotFoundError", async () => {
    await expect(client.models.retrieve("no-such-model")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});
