import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askGraph } from "../e2e/graphql-calls.ts";
import { type Answer, ask } from "../e2e/http.ts";
import {
  anthropicIntegration,
  ollamaIntegration,
  openAiIntegration,
  type Platform,
  startPlatform,
} from "../e2e/start-platform.ts";
import { connectSocket } from "../e2e/websocket-client.ts";
import { connectClients, startWithWorkers } from "../e2e/worker-platform.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type OtlpCollector, startOtlpCollector } from "../fakes/otlp-collector.ts";
import type { ReadSpan } from "../fakes/otlp-messages.ts";
import { type GrpcClient, openGrpc, whenModelsAreThere } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";

const secret = "sk-upstream-that-nobody-may-see-0123456789";
const maxBytes = 1_024;
const content = [
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.system_instructions",
  "llm_platform.truncated_content",
];

let upstreams: readonly FakeUpstream[];
let collector: OtlpCollector;

beforeAll(async () => {
  [upstreams, collector] = await Promise.all([
    Promise.all([
      createFakeUpstream({ dialect: "openai" }),
      createFakeUpstream({ dialect: "anthropic" }),
      createFakeUpstream({ dialect: "ollama" }),
    ]),
    startOtlpCollector(),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([...(upstreams ?? []), collector].map((each) => each?.stop()));
});

function config(opentelemetry: Readonly<Record<string, unknown>> = {}) {
  const [openai, anthropic, ollama] = upstreams.map(({ origin }) => origin);
  return {
    gateway: { max_retries: 0 },
    integrations: [
      openAiIntegration("fake", openai ?? "", { api_key: secret }),
      anthropicIntegration("claude", anthropic ?? ""),
      ollamaIntegration("llama", ollama ?? ""),
    ],
    opentelemetry: {
      enabled: true,
      endpoint: collector.endpoint,
      signals: ["traces", "logs"],
      ...opentelemetry,
    },
  };
}

async function start(env: Readonly<Record<string, string>>, more: Readonly<Record<string, unknown>> = {}) {
  const platform = await startPlatform({ config: config(more), env });
  await whenModelsAreThere(platform, ["fake", "claude", "llama"]);
  return platform;
}

const captureBy = (mode: string) => ({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: mode });

let traces = 0;
function newTrace(flags = "01") {
  const traceId = `2cf7651916cd43dd8448eb21${String(++traces).padStart(8, "0")}`;
  return { traceId, traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` };
}

/** The span of the model call. */
function modelSpan(traceId: string): Promise<ReadSpan> {
  return collector.spans.find(
    (span) => span.traceId === traceId && /^(?:chat|text_completion|embeddings) /.test(span.name),
  );
}

function read(span: ReadSpan, name: string): unknown {
  const value = span.attributes[name];
  return value === undefined ? undefined : JSON.parse(String(value));
}

const text = (value: string) => ({ type: "text", content: value });
const user = (value: string) => ({ role: "user", parts: [text(value)] });
const answer = (value: string) => ({ role: "assistant", parts: [text(value)], finish_reason: "stop" });
const messages = [{ role: "user", content: "one two" }];
const said = { messages: [{ role: "system", content: "Be short." }, ...messages] };

describe("content in spans", () => {
  let platform: Platform;
  let client: GrpcClient;

  beforeAll(async () => {
    platform = await start(captureBy("SPAN_ONLY"), { max_content_bytes: maxBytes });
    client = await openGrpc(platform);
  }, 60_000);

  afterAll(async () => {
    client?.close();
    await platform?.stop();
  });

  async function tracedPost(
    path: string,
    body: object,
  ): Promise<{ readonly answer: Answer; readonly span: ReadSpan }> {
    const { traceId, traceparent } = newTrace();
    const answer = await ask(platform, path, {
      body,
      headers: { traceparent, "anthropic-version": "2023-06-01" },
    });
    expect(answer.status, answer.text).toBeLessThan(300);
    return { answer, span: await modelSpan(traceId) };
  }

  const dialects: readonly (readonly [path: string, body: object])[] = [
    ["/v1/chat/completions", said],
    ["/v1/responses", { input: "one two", instructions: "Be short." }],
    ["/v1/messages", { messages, system: "Be short.", max_tokens: 50 }],
    ["/api/chat", said],
  ];

  test.each(["fake/tiny-chat", "claude/tiny-chat", "llama/tiny-chat"])(
    "of %s, in each dialect, whole and as a stream",
    { timeout: 60_000 },
    async (model) => {
      const calls = dialects.flatMap(([path, body]) =>
        [true, false].map(async (stream) => {
          const { span } = await tracedPost(path, { model, stream, ...body });
          const what = `${path}, stream ${stream}`;
          const isApart = path === "/v1/messages";
          const inside = isApart ? [] : [{ role: "system", parts: [text("Be short.")] }];
          expect(read(span, "gen_ai.system_instructions"), what).toEqual(
            isApart ? [text("Be short.")] : undefined,
          );
          expect(read(span, "gen_ai.input.messages"), what).toEqual([...inside, user("one two")]);
          expect(read(span, "gen_ai.output.messages"), what).toEqual([answer("echo: one two")]);
          expect(span.attributes, what).not.toHaveProperty("llm_platform.truncated_content");
        }),
      );
      await Promise.all(calls);
    },
  );

  const protocols: Readonly<Record<string, (traceparent: string) => Promise<unknown>>> = {
    graphql: (traceparent) =>
      askGraph(platform, {
        query: `mutation { chat(input: {model: "fake/tiny-chat", messages: [{role: USER, content: "one two"}]}) { content } }`,
        headers: { traceparent },
      }),
    grpc: (traceparent) =>
      client.ask(grpc.chat, { model: "fake/tiny-chat", messages }, { metadata: { traceparent } }),
    websocket: async (traceparent) => {
      const socket = await connectSocket(platform, "/ws/chat");
      socket.send({
        type: "chat.start",
        id: "c",
        data: { request: { model: "fake/tiny-chat", messages }, traceparent },
      });
      await socket.next("chat.done", "c");
      await socket.close();
    },
  };

  test.each(Object.keys(protocols))("over %s", async (name) => {
    const { traceId, traceparent } = newTrace();
    await protocols[name]?.(traceparent);
    const span = await modelSpan(traceId);
    expect(read(span, "gen_ai.input.messages")).toEqual([user("one two")]);
    expect(read(span, "gen_ai.output.messages")).toEqual([answer("echo: one two")]);
  });

  test("of a tool that is called, and of what it answered", async () => {
    const parameters = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
    const tools = [{ type: "function", function: { name: "weather", parameters } }];
    const first = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      stream: true,
      tools,
      messages: [{ role: "user", content: "weather please" }],
    });
    const [called] = Object(read(first.span, "gen_ai.output.messages"));
    expect(called).toMatchObject({
      role: "assistant",
      parts: [
        {
          type: "tool_call",
          name: "weather",
          id: expect.stringMatching(/^call_/),
          arguments: { place: expect.any(String) },
        },
      ],
      finish_reason: "tool_call",
    });
    const call = {
      id: "call_1",
      type: "function",
      function: { name: "weather", arguments: '{"place":"Rome"}' },
    };
    const second = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      messages: [
        { role: "user", content: "now" },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: "sunny" },
      ],
    });
    expect(read(second.span, "gen_ai.input.messages")).toEqual([
      user("now"),
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { place: "Rome" } }],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "sunny" }] },
    ]);
  });

  test("names an image by what it is and its size, without its bytes", async () => {
    const image = Buffer.alloc(3_000, 7).toString("base64");
    const { span } = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what is it" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } },
            {
              type: "image_url",
              image_url: { url: "https://pictures.example/cat.png?signature=of-somebody" },
            },
          ],
        },
      ],
    });
    expect(read(span, "gen_ai.input.messages")).toEqual([
      {
        role: "user",
        parts: [
          text("what is it"),
          { type: "blob", modality: "image", mime_type: "image/png", size_bytes: 3_000 },
          { type: "uri", modality: "image", uri: "https://pictures.example/cat.png" },
        ],
      },
    ]);
  });

  test("of an embedding is what was asked, and no vector", async () => {
    const { span } = await tracedPost("/v1/embeddings", { model: "fake/tiny-embed", input: ["one", "two"] });
    expect(read(span, "gen_ai.input.messages")).toEqual([user("one"), user("two")]);
    expect(span.attributes).not.toHaveProperty("gen_ai.output.messages");
  });

  test("of a completion", async () => {
    const { span } = await tracedPost("/v1/completions", { model: "fake/tiny-chat", prompt: "one two" });
    expect(read(span, "gen_ai.input.messages")).toEqual([user("one two")]);
    expect(read(span, "gen_ai.output.messages")).toEqual([answer("echo: one two")]);
  });

  test("has no secret of the configuration in it, also where a stream has it in pieces", async () => {
    const { answer: reply, span } = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      stream: true,
      messages: [{ role: "user", content: `is it ${secret} then` }],
    });
    expect(reply.text).toContain("is");
    expect(read(span, "gen_ai.input.messages")).toEqual([user("is it [secret] then")]);
    expect(read(span, "gen_ai.output.messages")).toEqual([answer("echo: is it [secret] then")]);
  });

  test("is shortened to whole JSON of whole characters, and says so", async () => {
    const { span } = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      stream: true,
      messages: [
        { role: "user", content: "this was long ago" },
        { role: "user", content: 'größer 模型 🙂 "so" '.repeat(2_000) },
      ],
    });
    expect(span.attributes["llm_platform.truncated_content"]).toEqual([
      "gen_ai.input.messages",
      "gen_ai.output.messages",
    ]);
    for (const [name, start] of [
      ["gen_ai.input.messages", "größer 模型 🙂 "],
      ["gen_ai.output.messages", "echo: größer 模型 🙂 "],
    ] as const) {
      const json = String(span.attributes[name]);
      const size = Buffer.byteLength(json);
      expect(size).toBeLessThanOrEqual(maxBytes);
      expect(size).toBeGreaterThan(maxBytes - 100);
      expect(json).not.toContain("�");
      const [only, ...others] = Object(read(span, name));
      expect(others).toEqual([]);
      expect(only.parts[0].content.startsWith(start)).toBe(true);
    }
  });

  test("of a stream that breaks off is what came until then", async () => {
    upstreams[0]?.script({ kind: "end-after-events", events: 4 });
    const { span } = await tracedPost("/v1/chat/completions", {
      model: "fake/tiny-chat",
      stream: true,
      messages: [{ role: "user", content: "one two three four five six" }],
    });
    expect(span.status).toBe(2);
    const [begun] = Object(read(span, "gen_ai.output.messages"));
    expect(begun.parts[0].content).toMatch(/^echo: one/);
    expect(begun).not.toHaveProperty("finish_reason");
  });

  test("of a call that is kept only because it failed is what was asked", async () => {
    const { traceId, traceparent } = newTrace("00");
    upstreams[0]?.script({ kind: "status", status: 500 });
    const body = { model: "fake/tiny-chat", messages };
    const reply = await ask(platform, "/v1/chat/completions", { body, headers: { traceparent } });
    expect(reply.status).toBe(502);
    const span = await modelSpan(traceId);
    expect(read(span, "gen_ai.input.messages")).toEqual([user("one two")]);
    expect(span.attributes).not.toHaveProperty("gen_ai.output.messages");
  });

  test("is told of when the server starts, and stands in the settings", async () => {
    await platform.logLine(/"event":"opentelemetry\.content_on"/);
    const { json } = await ask(platform, "/api/v1/system/settings");
    expect(JSON.stringify(json)).toMatch(/capture_message_content.{0,200}span_only/);
    expect(platform.log()).not.toContain("one two");
  });
});

test("content in events goes with the log of workers as well, in structures, and not into spans", {
  timeout: 90_000,
}, async () => {
  const platform = await startWithWorkers(config({ capture_message_content: "event_only" }));
  try {
    await whenModelsAreThere(platform, ["fake"]);
    const clients = connectClients(platform, 4);
    for (const client of clients) {
      const { traceId, traceparent } = newTrace();
      await client.chat(
        { model: "fake/tiny-chat", messages: [{ role: "user", content: `one ${secret}` }] },
        { traceparent },
      );
      const span = await modelSpan(traceId);
      for (const name of content) expect(span.attributes).not.toHaveProperty(name);
      const event = await collector.logs.find((log) => log.traceId === traceId);
      expect(event).toMatchObject({
        event: "gen_ai.client.inference.operation.details",
        severity: "DEBUG",
        spanId: span.spanId,
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "fake/tiny-chat",
          "gen_ai.input.messages": [user("one [secret]")],
          "gen_ai.output.messages": [answer("echo: one [secret]")],
        },
      });
    }
    for (const client of clients) client.leave();
  } finally {
    await platform.stop();
  }
});

test("content is in neither unless it is asked for", { timeout: 60_000 }, async () => {
  const { traceId, traceparent } = newTrace();
  const platform = await start(captureBy("no_content"));
  try {
    await ask(platform, "/v1/chat/completions", {
      body: { model: "fake/tiny-chat", messages },
      headers: { traceparent },
    });
    const span = await modelSpan(traceId);
    for (const name of content) expect(span.attributes).not.toHaveProperty(name);
    expect(platform.log()).not.toContain("opentelemetry.content_on");
  } finally {
    // What waits goes out before it stops.
    await platform.stop();
  }
  expect(collector.logs.items.filter((log) => log.traceId === traceId)).toEqual([]);
});
