import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, eventsOf, member } from "./http.ts";
import { expectSchema } from "./responses-schemas.ts";
import { weatherTool } from "./sdk-schemas.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

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
      gateway: { max_retries: 0, breaker: { failures: 1_000 } },
      integrations: [
        { name: "local", use: "local" },
        openAiIntegration("office", openAiServer.origin),
        ollamaIntegration("cellar", ollamaServer.origin),
      ],
    },
  });
  client = new OpenAI({ baseURL: `${platform.url}/v1`, apiKey: "none", maxRetries: 0 });
});

beforeEach(() => Promise.all([openAiServer.reset(), ollamaServer.reset()]));

afterAll(async () => {
  await platform?.stop();
  await Promise.all([openAiServer?.stop(), ollamaServer?.stop()]);
});

const models = ["demo-chat", "office/tiny-chat", "cellar/tiny-chat:latest"];
/** A question that makes each of them call `get_weather`. */
const weatherQuestion: Readonly<Record<string, string>> = { "demo-chat": "What is the weather in Oslo?" };
const { name, description, parameters } = weatherTool.function;
const tool = { type: "function", name, description, parameters, strict: false } as const;

async function collectAll<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What the model was last asked. */
function lastMessages(): unknown {
  const body: unknown = JSON.parse(openAiServer.requests.at(-1)?.bodyText ?? "{}");
  return member(body, "messages");
}

function callsOf(response: OpenAI.Responses.Response): readonly OpenAI.Responses.ResponseFunctionToolCall[] {
  return response.output.flatMap((item) => (item.type === "function_call" ? [item] : []));
}

describe.each(models)("OpenAI's own SDK has responses of %s", (model) => {
  const question = weatherQuestion[model] ?? "get_weather for Oslo";

  test("whole, in the form that OpenAI's document says", async () => {
    const response = await client.responses.create({
      model,
      input: "Hello!",
      instructions: "Be short.",
      temperature: 0,
    });
    expect(response.output_text).toBeTruthy();
    expect(response).toMatchObject({ object: "response", status: "completed", model, error: null });
    expect(response.usage?.input_tokens).toBeGreaterThan(0);
    expect(response.usage?.output_tokens).toBeGreaterThan(0);
    const { output_text: _own, ...wire } = response;
    expectSchema("response", wire);
  });

  test("event by event, numbered without a gap, each in the form of the document", async () => {
    const events = await collectAll(
      await client.responses.create({ model, input: "Hello!", stream: true, temperature: 0 }),
    );
    for (const event of events) expectSchema("event", event);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, at) => at));
    const types = events.map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
    ]);
    expect(types.slice(-4)).toEqual([
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const text = events
      .flatMap((event) => (event.type === "response.output_text.delta" ? event.delta : []))
      .join("");
    const last = events.at(-1);
    expect(last?.type === "response.completed" ? last.response.output[0] : undefined).toMatchObject({
      type: "message",
      content: [{ type: "output_text", text }],
    });
  });

  test("cut by max_output_tokens, which are incomplete", async () => {
    const response = await client.responses.create({
      model,
      input: "Please count to 7",
      max_output_tokens: 2,
      temperature: 0,
    });
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
  });

  test("of a schema, parsed", async () => {
    const person = z.object({ name: z.string(), age: z.number() });
    const response = await client.responses.parse({
      model,
      input: "Anna is 30 years old. Give name and age as JSON.",
      text: { format: zodTextFormat(person, "person") },
      temperature: 0,
    });
    expect(response.output_parsed).toEqual({ name: expect.any(String), age: expect.any(Number) });
  });

  test("that call a function, and go on from its result", async () => {
    const first = await client.responses.create({ model, input: question, tools: [tool], temperature: 0 });
    const [call] = callsOf(first);
    expect(call).toMatchObject({ name: "get_weather", status: "completed" });
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: expect.any(String) });
    const second = await client.responses.create({
      model,
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call?.call_id ?? "", output: '{"sky":"sunny"}' }],
      tools: [tool],
      temperature: 0,
    });
    expect(second.output_text).toBeTruthy();
    expect(second.previous_response_id).toBe(first.id);
  });

  test("that call a function, over a stream", async () => {
    const stream = client.responses.stream({ model, input: question, tools: [tool], temperature: 0 });
    const events: unknown[] = [];
    stream.on("event", (event) => events.push(event));
    const response = await stream.finalResponse();
    expect(callsOf(response)).toHaveLength(1);
    expect(events.map((event) => member(event, "type"))).toEqual(
      expect.arrayContaining([
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
      ]),
    );
  });
});

describe("Tools of coding agents", () => {
  const model = "office/tiny-chat";
  const agents: OpenAI.Responses.NamespaceTool = {
    type: "namespace",
    name: "agents",
    description: "Other agents.",
    tools: [tool, { ...tool, name: "close" }],
  };
  const search = { type: "web_search" } as const;
  const lastBody = (): unknown => JSON.parse(openAiServer.requests.at(-1)?.bodyText ?? "{}");

  test("keep their namespace on the way to the model and back, whole and over a stream", async () => {
    const tools = [agents, { ...tool, name: "close" }];
    const input = "agents__get_weather for Oslo";
    const first = await client.responses.create({ model, input, tools });
    const { output_text: _own, ...wire } = first;
    expectSchema("response", wire);
    expect(callsOf(first)).toMatchObject([{ name: "get_weather", namespace: "agents" }]);
    expect(first.tools).toMatchObject([
      { type: "namespace", name: "agents", tools: [{ name: "get_weather" }, { name: "close" }] },
      { type: "function", name: "close" },
    ]);
    const names = ["agents__get_weather", "agents__close", "close"];
    expect(lastBody()).toMatchObject({ tools: names.map((each) => ({ function: { name: each } })) });
    const events = await collectAll(await client.responses.create({ model, input, tools, stream: true }));
    for (const event of events) expectSchema("event", event);
    expect(events.find(({ type }) => type === "response.output_item.added")).toMatchObject({
      item: { name: "get_weather", namespace: "agents" },
    });
    const call = callsOf(first)[0];
    const output = { type: "function_call_output", call_id: call?.call_id ?? "", output: "sunny" } as const;
    await client.responses.create({ model, previous_response_id: first.id, input: [output], tools });
    expect(lastMessages()).toMatchObject([
      { role: "user", content: input },
      { role: "assistant", tool_calls: [{ function: { name: "agents__get_weather" } }] },
      { role: "tool", content: "sunny" },
    ]);
  });

  test("go without a search of the web, which is not among those of the response", async () => {
    const response = await client.responses.create({ model, input: "Hello!", tools: [search, tool] });
    expect(response.tools).toMatchObject([{ type: "function", name: "get_weather" }]);
    expect(member(lastBody(), "tools")).toHaveLength(1);
  });

  test.each([
    [{ tools: [search, tool], tool_choice: "required" }, "tools[0].type"],
    [{ tools: [{ ...agents, tools: [search] }] }, "tools[0].tools[0].type"],
    [{ tools: [agents, { ...tool, name: "agents__close" }] }, "tools"],
    [{ tools: [{ type: "file_search", vector_store_ids: [] }, tool] }, "tools[0].type"],
  ])("that cannot be had are refused by name: %o", async (more, param) => {
    const error: unknown = await client
      .post("/responses", { body: { model, input: "Hello!", ...more } })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 400, param });
  });
});

describe("A conversation", () => {
  const model = "office/tiny-chat";

  test("goes on from a response that was kept, with what was said before", async () => {
    const first = await client.responses.create({ model, input: "green robots", instructions: "Be kind." });
    await client.responses.create({ model, input: "like tea", previous_response_id: first.id });
    expect(lastMessages()).toEqual([
      { role: "user", content: "green robots" },
      { role: "assistant", content: "echo: green robots" },
      { role: "user", content: "like tea" },
    ]);
  });

  test("has its items listed, and what a client refers to by their ids", async () => {
    const first = await client.responses.create({ model, input: "one" });
    const second = await client.responses.create({ model, input: "two", previous_response_id: first.id });
    const page = await client.responses.inputItems.list(second.id, { order: "asc" });
    expect(page.data.map(({ type }) => type)).toEqual(["message", "message", "message"]);
    expectSchema("items", (await ask(platform, `/v1/responses/${second.id}/input_items`)).json);
    const id = first.output[0]?.id ?? "";
    await client.responses.create({
      model,
      input: [
        { role: "user", content: "one" },
        { type: "item_reference", id },
        { role: "user", content: "two" },
      ],
    });
    expect(lastMessages()).toMatchObject([
      { role: "user", content: "one" },
      { role: "assistant", content: "echo: one" },
      { role: "user", content: "two" },
    ]);
  });

  test("can be read, and is gone once it was deleted", async () => {
    const { id, output } = await client.responses.create({ model, input: "one" });
    expect(await client.responses.retrieve(id)).toMatchObject({
      id,
      output,
      status: "completed",
      store: true,
    });
    await expect(client.responses.cancel(id)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await client.responses.delete(id);
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(
      client.responses.create({ model, input: "two", previous_response_id: id }),
    ).rejects.toMatchObject({ status: 404, param: "previous_response_id" });
  });

  test("is not kept where the call says so", async () => {
    const response = await client.responses.create({ model, input: "one", store: false });
    expect(response).toMatchObject({ store: false });
    await expect(client.responses.retrieve(response.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("OpenAI's own SDK meets errors of responses that it knows", () => {
  const model = "office/tiny-chat";

  test("an unknown model is a NotFoundError with the request's id", async () => {
    const error: unknown = await client.responses
      .create({ model: "no-such-model", input: "Hello!" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", requestID: expect.stringMatching(/^req_/) });
  });

  test.each([
    [{ tools: [{ type: "web_search" }] }, "tools[0].type"],
    [{ background: true }, "background"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ truncation: "auto" }, "truncation"],
    [{ input: [{ type: "web_search_call", id: "ws_1" }] }, "input[0].type"],
    [
      { input: [{ role: "user", content: [{ type: "input_image", file_id: "file_1" }] }] },
      "input[0].content[0].image_url",
    ],
    [{ max_output_tokens: "many" }, "max_output_tokens"],
    [{ tools: [{ ...tool, defer_loading: true }] }, "tools[0].defer_loading"],
  ])("what cannot be done is a BadRequestError that names it: %o", async (more, param) => {
    const error: unknown = await client
      .post("/responses", { body: { model, input: "Hello!", ...more } })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param });
  });

  test.each(["office/tiny-chat", "cellar/tiny-chat:latest"])(
    "a stream that breaks off throws: %s",
    async (broken) => {
      const server = broken.startsWith("office") ? openAiServer : ollamaServer;
      server.script({ kind: "reset-after-events", events: 3 });
      const stream = await client.responses.create({
        model: broken,
        input: "one two three four five",
        stream: true,
      });
      const error: unknown = await collectAll(stream).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ code: expect.stringMatching(/^upstream_/) });
    },
  );

  test("a stream that breaks off says that it failed, and has no end beside it", async () => {
    openAiServer.script({ kind: "reset-after-events", events: 3 });
    const answer = await ask(platform, "/v1/responses", {
      body: { model, input: "one two three four five", stream: true },
    });
    const events = eventsOf(answer.text);
    for (const event of events) expectSchema("event", event);
    expect(events.slice(-2).map((event) => member(event, "type"))).toEqual(["response.failed", "error"]);
    expect(answer.text).not.toMatch(/response\.(?:completed|incomplete)"/);
    const { text } = await ask(
      platform,
      `/v1/responses/${String(member(member(events[0], "response"), "id"))}`,
    );
    expect(text).toContain("not_found");
  });

  test("a stream that the caller leaves is recorded as cancelled", async () => {
    openAiServer.script({ kind: "silence-after-events", events: 3 });
    const { data: stream, response } = await client.responses
      .create({ model, input: "one two three four five", stream: true })
      .withResponse();
    for await (const event of stream)
      if (event.type === "response.output_text.delta") stream.controller.abort();
    const requestId = response.headers.get("x-request-id") ?? "";
    const [row] = await platform.ledgerRows({ count: 1, requestId });
    expect(row).toMatchObject({ outcome: "client_cancelled", stream: true });
  });
});
