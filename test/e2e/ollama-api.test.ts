import { Ollama } from "ollama";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, member } from "./http.ts";
import { weatherTool } from "./sdk-schemas.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

let platform: Platform;
let openAiServer: FakeUpstream;
let ollamaServer: FakeUpstream;
let client: Ollama;

const keys = { admin: "admin-key-0123456789", developer: "developer-key-0123456789" };

function clientWith(key: string): Ollama {
  return new Ollama({ host: platform.url, headers: { authorization: `Bearer ${key}` } });
}

beforeAll(async () => {
  [openAiServer, ollamaServer] = await Promise.all([
    createFakeUpstream({ dialect: "openai", models: ["tiny-chat", "tiny-embed"] }),
    createFakeUpstream({ dialect: "ollama", models: ["cellar-chat:latest", "cellar-embed:latest"] }),
  ]);
  platform = await startPlatform({
    config: {
      gateway: { max_retries: 0, breaker: { failures: 1_000 } },
      auth: { api_keys: Object.entries(keys).map(([name, key]) => ({ name, key, role: name })) },
      integrations: [
        { name: "local", use: "local" },
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
      ],
    },
  });
  client = clientWith(keys.admin);
});

beforeEach(() => Promise.all([openAiServer.reset(), ollamaServer.reset()]));

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer?.stop(), ollamaServer?.stop()]);
});

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function lastRequest(server: FakeUpstream): unknown {
  return JSON.parse(server.requests.at(-1)?.bodyText ?? "null");
}

function user(content: string): [{ role: "user"; content: string }] {
  return [{ role: "user", content }];
}

type Upstream = {
  readonly name: string;
  readonly chat: string;
  readonly embed: string;
  /** A question that makes this model call `get_weather`. */
  readonly askWeather: string;
};

const upstreams: readonly Upstream[] = [
  {
    name: "the local runtime",
    chat: "demo-chat:latest",
    embed: "demo-embed",
    askWeather: "What is the weather in Oslo?",
  },
  {
    name: "a server of Ollama",
    chat: "cellar-chat",
    embed: "cellar-embed:latest",
    askWeather: "get_weather for Oslo",
  },
  {
    name: "an OpenAI server",
    chat: "tiny-chat:latest",
    embed: "tiny-embed",
    askWeather: "get_weather for Oslo",
  },
];

const greedy = { temperature: 0 };

describe.each(upstreams)("Ollama's own client, for a model of $name,", ({ chat, embed, askWeather }) => {
  test("chats", async () => {
    const reply = await client.chat({ model: chat, messages: user("Hello!"), options: greedy });
    expect(reply).toMatchObject({
      model: expect.stringContaining("chat"),
      message: { role: "assistant", content: expect.stringMatching(/\S/) },
      done: true,
      done_reason: "stop",
      prompt_eval_count: expect.any(Number),
      eval_count: expect.any(Number),
      total_duration: expect.any(Number),
    });
  });

  test("chats piece by piece", async () => {
    const parts = await collectAll(
      await client.chat({ model: chat, messages: user("Hello!"), stream: true, options: greedy }),
    );
    const whole = await client.chat({ model: chat, messages: user("Hello!"), options: greedy });
    expect(parts.map(({ message }) => message.content).join("")).toBe(whole.message.content);
    expect(parts.map(({ done }) => done)).toEqual([...parts.slice(1).map(() => false), true]);
    expect(parts.at(-1)).toMatchObject({ done_reason: "stop", eval_count: whole.eval_count });
  });

  test("is cut by num_predict", async () => {
    const reply = await client.chat({
      model: chat,
      messages: user("Please count to 7"),
      options: { ...greedy, num_predict: 2 },
    });
    expect(reply).toMatchObject({ done_reason: "length", done: true });
    expect(reply.eval_count).toBeLessThanOrEqual(2);
  });

  test("generates, whole and piece by piece", async () => {
    const reply = await client.generate({
      model: chat,
      prompt: "Hello!",
      system: "Be short.",
      options: greedy,
    });
    expect(reply).toMatchObject({ response: expect.stringMatching(/\S/), done: true, done_reason: "stop" });
    const parts = await collectAll(
      await client.generate({ model: chat, prompt: "Hello!", stream: true, options: greedy }),
    );
    expect(parts.map(({ response }) => response).join("")).toMatch(/\S/);
    expect(parts.at(-1)).toMatchObject({ done: true, done_reason: "stop" });
  });

  test("has a schema kept", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string" }, age: { type: "integer" } },
      required: ["name", "age"],
    };
    const reply = await client.chat({
      model: chat,
      messages: user("Anna is 30 years old. Give name and age as JSON."),
      format: schema,
      options: greedy,
    });
    expect(JSON.parse(reply.message.content)).toEqual({ name: expect.any(String), age: expect.any(Number) });
  });

  test("has a tool called, and its result read, without ids", async () => {
    const tools = [weatherTool].map(({ type, function: described }) => ({
      type,
      function: {
        name: described.name,
        description: described.description,
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    }));
    const asked = user(askWeather);
    const first = await client.chat({ model: chat, messages: asked, tools, options: greedy });
    expect(first.message.tool_calls).toMatchObject([
      { function: { name: "get_weather", arguments: { city: expect.any(String) } } },
    ]);
    const streamed = await collectAll(
      await client.chat({ model: chat, messages: asked, tools, stream: true, options: greedy }),
    );
    expect(streamed.flatMap(({ message }) => message.tool_calls ?? [])).toHaveLength(1);
    const second = await client.chat({
      model: chat,
      messages: [
        ...asked,
        first.message,
        { role: "tool", tool_name: "get_weather", content: '{"sky":"sunny"}' },
      ],
      tools,
      options: greedy,
    });
    expect(second.message.content).toMatch(/\S/);
  });

  test("embeds, the older way too", async () => {
    const { embeddings } = await client.embed({ model: embed, input: ["a cat sleeps", "a dog runs"] });
    expect(embeddings).toHaveLength(2);
    const { embedding } = await client.embeddings({ model: embed, prompt: "a cat sleeps" });
    expect(embedding).toHaveLength(embeddings[0]?.length ?? 0);
    embedding.forEach((value, at) => expect(value).toBeCloseTo(embeddings[0]?.[at] ?? Number.NaN, 4));
  });

  test("sees what the model is, by either of its names", async () => {
    const bare = chat.replace(":latest", "");
    const shown = await client.show({ model: chat });
    expect(shown.capabilities).toContain("completion");
    expect(await client.show({ model: bare })).toEqual(shown);
  });

  test("brings it into memory and has it leave again", async () => {
    const load = await client.generate({ model: chat, prompt: "" });
    expect(load).toMatchObject({ response: "", done: true, done_reason: "load" });
    const unload = await client.generate({ model: chat, prompt: "", keep_alive: 0 });
    expect(unload).toMatchObject({ done: true, done_reason: "unload" });
  });
});

describe("Ollama's own client", () => {
  test("lists every model, also those of other servers, with a tag each", async () => {
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["demo-chat:latest", "tiny-chat:latest", "cellar-chat:latest"]),
    );
  });

  test("sees what is in memory", async () => {
    await client.generate({ model: "demo-chat", prompt: "", keep_alive: "5m" });
    const { models } = await client.ps();
    expect(models.map(({ name }) => name)).toContain("demo-chat:latest");
    await client.generate({ model: "demo-chat", prompt: "", keep_alive: 0 });
  });

  test("learns which version of the API it is", async () => {
    const response = await fetch(`${platform.url}/api/version`);
    expect(await response.json()).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect((await fetch(platform.url, { method: "HEAD" })).status).toBe(200);
  });

  test("pulls, copies and deletes a model, and can call it in between", async () => {
    const steps = await collectAll(await client.pull({ model: "tiny-new", stream: true }));
    expect(steps.at(-1)).toEqual({ status: "success" });
    expect(steps.some(({ total, completed }) => total > 0 && completed === total)).toBe(true);
    await client.copy({ source: "tiny-new", destination: "tiny-newer" });
    expect(await client.generate({ model: "tiny-newer", prompt: "green robots" })).toMatchObject({
      done: true,
    });
    for (const model of ["tiny-new", "tiny-newer:latest"]) await client.delete({ model });
    await expect(client.generate({ model: "tiny-new", prompt: "x" })).rejects.toMatchObject({
      status_code: 404,
    });
  });

  test("is told why a pull fails", async () => {
    await expect(client.pull({ model: "missing-model", stream: false })).rejects.toThrow();
    await expect(collectAll(await client.pull({ model: "missing-model", stream: true }))).rejects.toThrow();
  });

  test("makes a copy and a model of another with `create`, and is told what cannot be made", async () => {
    expect(await client.create({ model: "cellar-two", from: "cellar-chat" })).toMatchObject({
      status: "success",
    });
    const own = { system: "You are a robot.", parameters: { num_predict: 9 } };
    await client.create({ model: "robot", from: "cellar-chat", ...own });
    expect(ollamaServer.requests.find(({ path }) => path === "/api/create")?.bodyText).toBe(
      '{"model":"robot","from":"cellar-chat:latest","stream":false,"system":"You are a robot.","parameters":{"num_predict":9}}',
    );
    for (const model of ["cellar-two", "robot"]) await client.delete({ model });
    await expect(
      client.create({ model: "other", from: "tiny-chat", system: "You are a robot." }),
    ).rejects.toMatchObject({ status_code: 400, message: expect.stringContaining("cannot create models") });
    await expect(
      client.create({ model: "other", from: "cellar-chat", quantize: "q4_0" }),
    ).rejects.toMatchObject({ status_code: 400, message: expect.stringContaining("Ollama server itself") });
  });

  test("thinks where the model does, and has its thoughts apart", async () => {
    const messages = user("green robots");
    const passed = await client.chat({ model: "cellar-chat", messages, think: true });
    expect(passed.message.thinking).toMatch(/\S/);
    await client.chat({ model: "tiny-chat", messages, think: "low" });
    expect(lastRequest(openAiServer)).toMatchObject({ reasoning_effort: "low" });
  });

  test("sends images on as the data that they are", async () => {
    const png =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    await client.chat({
      model: "tiny-chat",
      messages: [{ role: "user", content: "What is it?", images: [png] }],
    });
    expect(member(lastRequest(openAiServer), "messages")).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
        ],
      },
    ]);
  });

  test("has a raw prompt reach the model as it stands", async () => {
    await client.generate({
      model: "tiny-chat",
      prompt: "One, two,",
      raw: true,
      options: { num_predict: 3, top_k: 5 },
    });
    expect(openAiServer.requests.at(-1)?.path).toBe("/v1/completions");
    expect(lastRequest(openAiServer)).toMatchObject({ prompt: "One, two,", max_tokens: 3, top_k: 5 });
  });

  test("has its bytes passed to a server of Ollama as they are, but for the model's name", async () => {
    const body =
      '{"model":"cellar-chat",  "messages":[{"role":"user","content":"hi"}],"options":{"mirostat":2},"unknown":1}';
    await ask(platform, "/api/chat", { body, headers: { authorization: `Bearer ${keys.admin}` } });
    expect(ollamaServer.requests.at(-1)?.bodyText).toBe(body.replace("cellar-chat", "cellar-chat:latest"));
  });
});

describe("What Ollama's API refuses", () => {
  test.each([
    [{ options: { mirostat: 2 } }, "options.mirostat"],
    [{ options: { temperature: "hot" } }, "options.temperature"],
    [{ surprise: 1 }, "surprise"],
    [{ format: "xml" }, "format"],
    [{ messages: [{ role: "user", content: "x", images: ["not an image"] }] }, "messages[0].images[0]"],
    [{ messages: [{ role: "tool", tool_name: "f", content: "x" }] }, "messages[0].tool_name"],
  ])("names the field: %o", async (more, field) => {
    const answer = await ask(platform, "/api/chat", {
      body: { model: "tiny-chat", messages: user("x"), ...more },
      headers: { authorization: `Bearer ${keys.admin}` },
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: expect.stringContaining(`\`${field}\``) });
  });

  test("a developer calls and preloads models, but changes none", async () => {
    const developer = clientWith(keys.developer);
    expect(await developer.generate({ model: "demo-chat", prompt: "" })).toMatchObject({
      done_reason: "load",
    });
    const refused = { status_code: 403, message: expect.stringContaining("models.write") };
    await expect(developer.generate({ model: "demo-chat", prompt: "", keep_alive: 0 })).rejects.toMatchObject(
      refused,
    );
    await expect(developer.delete({ model: "demo-chat" })).rejects.toMatchObject(refused);
    await expect(developer.pull({ model: "tiny-new" })).rejects.toMatchObject(refused);
    await expect(clientWith("nobody").list()).rejects.toMatchObject({ status_code: 401 });
  });

  test.each(["tiny-chat", "cellar-chat"])(
    "a stream that breaks off ends with an error, never `done`: %s",
    async (model) => {
      const server = model === "tiny-chat" ? openAiServer : ollamaServer;
      server.script({ kind: "reset-after-events", events: 3 });
      const answer = await ask(platform, "/api/chat", {
        body: { model, messages: user("one two three four five") },
        headers: { authorization: `Bearer ${keys.admin}` },
      });
      const lines = answer.text.trimEnd().split("\n");
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
        error: expect.any(String),
        code: "upstream_incomplete",
      });
      expect(answer.text).not.toContain('"done":true');
      server.script({ kind: "reset-after-events", events: 3 });
      const stream = await client.chat({ model, messages: user("one two three four five"), stream: true });
      await expect(collectAll(stream)).rejects.toThrow();
    },
  );

  test("a stream that its client leaves is recorded as cancelled", async () => {
    openAiServer.script({ kind: "silence-after-events", events: 3 });
    const stream = await client.chat({
      model: "tiny-chat",
      messages: user("one two three four"),
      stream: true,
    });
    const left = collectAll(stream).catch((error: unknown) => error);
    stream.abort();
    expect(await left).toMatchObject({ name: "AbortError" });
    await expect
      .poll(async () => (await platform.ledgerRows({ count: 1 })).at(-1), { timeout: 5_000 })
      .toMatchObject({ outcome: "client_cancelled", stream: true });
  });
});
