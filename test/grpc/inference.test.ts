import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChatEvent } from "../../packages/server/src/api/grpc/generated/platform.ts";
import { ask, member } from "../e2e/http.ts";
import { ollamaIntegration, openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { detailsOf, type GrpcClient, openGrpc, whenModelsAreThere } from "./grpc-client.ts";
import { grpc } from "./methods.ts";

const key = "caller-key-0123456789";
const limited = "limited-key-0123456789";
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let openai: FakeUpstream;
let ollama: FakeUpstream;
let platform: Platform;
let client: GrpcClient;

beforeAll(async () => {
  openai = await createFakeUpstream({ dialect: "openai" });
  ollama = await createFakeUpstream({ dialect: "ollama" });
  platform = await startPlatform({
    config: {
      gateway: { max_retries: 0, breaker: { failures: 1_000 } },
      integrations: [openAiIntegration("fake", openai.origin), ollamaIntegration("lama", ollama.origin)],
      auth: {
        api_keys: [
          { name: "caller", key, role: "admin" },
          { name: "limited", key: limited, role: "developer", requests_per_minute: 1 },
        ],
      },
    },
  });
  await whenModelsAreThere(platform, ["fake", "lama"], key);
  client = await openGrpc(platform);
});

beforeEach(() => openai.reset());

afterAll(async () => {
  client?.close();
  await platform?.stop();
  await Promise.all([openai?.stop(), ollama?.stop()]);
});

const chat = { model: "fake/tiny-chat", messages: [{ role: "user", content: "one two three" }] };

function contentOf(events: readonly ChatEvent[]): string {
  return events.map(({ delta }) => delta?.content ?? "").join("");
}

describe("a chat", () => {
  test("is answered whole, with usage, who answered it, and a name for the call", async () => {
    const { code, message, reply, headers } = await client.ask(grpc.chat, chat, { key });
    expect(code, message).toBe(status.OK);
    expect(reply?.choices?.[0]).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "echo: one two three" },
    });
    expect(reply?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(reply?.model).toBe("tiny-chat");
    const shown = headers.getMap();
    expect(shown["x-request-id"]).toMatch(/^req_/);
    expect(shown).toMatchObject({
      "x-llmp-provider": "fake",
      "x-llmp-model": "tiny-chat",
      "x-llmp-attempts": "1",
    });
    const [row] = await platform.ledgerRows({ count: 1, requestId: String(shown["x-request-id"]) });
    expect(row).toMatchObject({ principal: "caller", operation: "chat", outcome: "stop", stream: false });
  });

  test.each(["fake/tiny-chat", "lama/tiny-chat:latest"])(
    "of %s is answered piece by piece, with how it ended and usage",
    async (model) => {
      const { code, message, replies, headers } = await client.ask(
        grpc.chatStream,
        { ...chat, model },
        { key },
      );
      expect(code, message).toBe(status.OK);
      expect(contentOf(replies)).toBe("echo: one two three");
      expect(replies.find(({ finish }) => finish !== undefined)?.finish).toEqual({
        choice: 0,
        reason: "stop",
      });
      expect(replies.find(({ usage }) => usage !== undefined)?.usage?.prompt_tokens).toBeGreaterThan(0);
      expect(replies.length).toBeGreaterThan(3);
      expect(headers.getMap()["x-llmp-attempts"]).toBe("1");
    },
  );

  test("reaches the upstream in OpenAI's shape, with its trace", async () => {
    const { code } = await client.ask(
      grpc.chat,
      {
        model: "fake/tiny-chat",
        messages: [
          { role: "system", content: "be short" },
          {
            role: "user",
            parts: [
              { text: "what is this?" },
              { image: { data: Buffer.from("picture"), media_type: "image/jpeg", detail: "low" } },
              { image: { url: "https://pictures.example/one.png" } },
            ],
          },
          { role: "assistant", tool_calls: [{ id: "call_1", function: { name: "look", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "call_1", content: "a cat" },
        ],
        temperature: 0,
        max_tokens: 20,
        seed: 7,
        stop: ["end"],
        tools: [
          {
            function: { name: "look", parameters: { type: "object", properties: { x: { type: "string" } } } },
          },
        ],
        tool_choice: { function: "look" },
        response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
        logit_bias: { "5": -100 },
        extra: { min_p: 0.5, temperature: 1 },
      },
      { key, metadata: { traceparent } },
    );
    expect(code).toBe(status.OK);
    const request = openai.requests.findLast(({ path }) => path === "/v1/chat/completions");
    expect(JSON.parse(request?.bodyText ?? "")).toEqual({
      model: "tiny-chat",
      messages: [
        { role: "system", content: "be short" },
        {
          role: "user",
          content: [
            { type: "text", text: "what is this?" },
            {
              type: "image_url",
              image_url: {
                url: `data:image/jpeg;base64,${Buffer.from("picture").toString("base64")}`,
                detail: "low",
              },
            },
            { type: "image_url", image_url: { url: "https://pictures.example/one.png" } },
          ],
        },
        {
          role: "assistant",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "a cat" },
      ],
      temperature: 0,
      max_tokens: 20,
      seed: 7,
      stop: ["end"],
      tools: [
        {
          type: "function",
          function: {
            name: "look",
            parameters: { type: "object", properties: { x: { type: "string" } } },
          },
        },
      ],
      tool_choice: { type: "function", function: { name: "look" } },
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
      logit_bias: { "5": -100 },
      min_p: 0.5,
    });
    expect(JSON.stringify(request?.headers)).toContain(traceparent.slice(3, 35));
  });

  test("of a model that does not exist names the remedy", async () => {
    const outcome = await client.ask(grpc.chat, { ...chat, model: "none" }, { key });
    expect(outcome.code).toBe(status.NOT_FOUND);
    const { info, badRequest, message } = detailsOf(outcome);
    expect(info).toMatchObject({ reason: "model_not_found", domain: "llm-platform" });
    expect(info?.metadata?.["request_id"]).toBe(outcome.trailers.getMap()["x-request-id"]);
    expect(badRequest?.field_violations?.[0]?.field).toBe("model");
    expect(message).toBe(outcome.message);
  });

  test("over a limit says when to come back", async () => {
    expect((await client.ask(grpc.chat, chat, { key: limited })).code).toBe(status.OK);
    const outcome = await client.ask(grpc.chatStream, chat, { key: limited });
    expect(outcome.code).toBe(status.RESOURCE_EXHAUSTED);
    const { info, retry } = detailsOf(outcome);
    expect(info?.reason).toBe("rate_limited");
    expect(retry?.retry_delay?.seconds).toBeGreaterThan(0);
    expect(Number(outcome.trailers.getMap()["grpc-retry-pushback-ms"])).toBeGreaterThan(0);
  });

  test("that breaks in the middle ends with an error after what came, and is not asked for again", async () => {
    openai.script({ kind: "reset-after-events", events: 3 });
    const outcome = await client.ask(grpc.chatStream, chat, { key });
    expect(outcome.code).toBe(status.UNAVAILABLE);
    expect(detailsOf(outcome).info?.reason).toBe("upstream_incomplete");
    expect(contentOf(outcome.replies)).not.toBe("");
    expect(outcome.replies.some(({ finish }) => finish !== undefined)).toBe(false);
    expect(outcome.trailers.getMap()["grpc-retry-pushback-ms"]).toBe("-1");
  });

  test("that its client gives up is given up upstream within a second (R04)", async () => {
    openai.script({ kind: "endless-stream", intervalMs: 10 });
    const { call, ended } = client.open(grpc.chatStream, chat, { key });
    const first = new Promise((resolve) => call.once("data", resolve));
    await first;
    const request = openai.requests.findLast(({ path }) => path === "/v1/chat/completions");
    const cancelledAtMs = performance.now();
    call.cancel();
    expect((await ended).status.code).toBe(status.CANCELLED);
    await request?.closed;
    expect(performance.now() - cancelledAtMs).toBeLessThan(1_000);
  });

  test("whose deadline passes is given up upstream before that, and told so", async () => {
    openai.script({ kind: "hang" });
    const startedAtMs = performance.now();
    const outcome = await client.ask(grpc.chat, chat, { key, timeoutMs: 700 });
    expect(outcome.code).toBe(status.DEADLINE_EXCEEDED);
    const request = openai.requests.findLast(({ path }) => path === "/v1/chat/completions");
    await request?.closed;
    expect(performance.now() - startedAtMs).toBeLessThan(1_700);
    const { text } = await ask(platform, "/metrics", { headers: { authorization: `Bearer ${key}` } });
    expect(text).toContain(
      `grpc_server_handled_total{grpc_type="unary",grpc_service="llmplatform.v1.Inference",grpc_method="Chat",grpc_code="DEADLINE_EXCEEDED"} 1`,
    );
  });
});

test("a completion is answered", async () => {
  const { code, message, reply } = await client.ask(
    grpc.complete,
    { model: "fake/tiny-chat", prompt: ["one two"], max_tokens: 8 },
    { key },
  );
  expect(code, message).toBe(status.OK);
  expect(reply?.choices?.[0]?.text).toContain("one two");
});

test("texts become vectors, also many of them at once", async () => {
  const input = Array.from({ length: 3 }, (_, index) => `text ${index}`);
  const { code, message, reply } = await client.ask(grpc.embed, { model: "fake/tiny-embed", input }, { key });
  expect(code, message).toBe(status.OK);
  expect(reply?.data?.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(reply?.data?.[0]?.embedding?.length).toBeGreaterThan(1);
  const long = ["x".repeat(5 * 1024 * 1024)];
  const large = await client.ask(grpc.embed, { model: "fake/tiny-embed", input: long }, { key });
  expect(large.code, large.message).toBe(status.OK);
});

test("models are listed", async () => {
  const { reply } = await client.ask(grpc.listModels, {}, { key });
  expect(reply?.models?.map(({ id }) => id)).toContain("tiny-chat");
});

test.each([
  [
    "a message with content and parts",
    { ...chat, messages: [{ role: "user", content: "a", parts: [{ text: "b" }] }] },
  ],
  ["a part of nothing", { ...chat, messages: [{ role: "user", parts: [{}] }] }],
])("%s is refused before anybody is asked", async (_name, request) => {
  const before = openai.totalRequests;
  const outcome = await client.ask(grpc.chat, request, { key });
  expect(outcome.code).toBe(status.INVALID_ARGUMENT);
  expect(detailsOf(outcome).badRequest?.field_violations).toHaveLength(1);
  expect(openai.totalRequests).toBe(before);
});

test("JSON that is nested as deep as no message may be is refused", async () => {
  const nest = (levels: number): object => (levels === 0 ? {} : { inner: nest(levels - 1) });
  for (const levels of [50, 1_000]) {
    const outcome = await client.ask(grpc.chat, { ...chat, extra: nest(levels) }, { key });
    expect(outcome.code).toBe(status.INVALID_ARGUMENT);
  }
});

test("who is not known is refused, and told how to be", async () => {
  for (const asking of [{}, { key: "wrong-key" }]) {
    const outcome = await client.ask(grpc.chat, chat, asking);
    expect(outcome.code).toBe(status.UNAUTHENTICATED);
    expect(detailsOf(outcome).info?.reason).toBe("unauthenticated");
    expect(member(outcome.trailers.getMap(), "www-authenticate")).toContain("Bearer");
  }
  expect((await client.ask(grpc.chat, chat, { metadata: { "x-api-key": key } })).code).toBe(status.OK);
});
