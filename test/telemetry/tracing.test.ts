import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { askGraph } from "../e2e/graphql-calls.ts";
import { ask } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { connectSocket } from "../e2e/websocket-client.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type OtlpCollector, startOtlpCollector } from "../fakes/otlp-collector.ts";
import type { ReadSpan } from "../fakes/otlp-messages.ts";
import { type GrpcClient, openGrpc, whenModelsAreThere } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";

const model = "both";
const messages = [{ role: "user", content: "one two three" }];
const parentSpanId = "b7ad6b7169203331";

type Caller = (traceparent: string) => Promise<unknown>;

function only(spans: readonly ReadSpan[], name: string): ReadSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found, `spans called ${name} of ${spans.map((span) => span.name).join(", ")}`).toHaveLength(1);
  return found[0] as ReadSpan;
}

describe.each(["http/protobuf", "grpc"] as const)("exported over %s", (exporter) => {
  let first: FakeUpstream;
  let second: FakeUpstream;
  let collector: OtlpCollector;
  let platform: Platform;
  let client: GrpcClient;

  beforeAll(async () => {
    [first, second, collector] = await Promise.all([
      createFakeUpstream({ dialect: "openai" }),
      createFakeUpstream({ dialect: "openai" }),
      startOtlpCollector(exporter === "grpc" ? "grpc" : "http"),
    ]);
    platform = await startPlatform({
      config: {
        gateway: { max_retries: 3, breaker: { failures: 1_000 } },
        integrations: [openAiIntegration("first", first.origin), openAiIntegration("second", second.origin)],
        routing: {
          routes: [{ model, targets: [{ model: "first/tiny-chat" }], fallbacks: ["second/tiny-chat"] }],
        },
      },
      env: {
        OPENTELEMETRY_ENABLED: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: exporter,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20collector-token",
        OTEL_SERVICE_NAME: "gateway-under-test",
      },
    });
    client = await openGrpc(platform);
    await whenModelsAreThere(platform, ["first", "second"]);
  });

  beforeEach(async () => {
    await Promise.all([first.reset(), second.reset()]);
    // So that each call has a fallback and a retry in it.
    first.script({ kind: "status", status: 503 });
    second.script({ kind: "status", status: 503 });
  });

  afterAll(async () => {
    client?.close();
    await platform?.stop();
    await Promise.all([first?.stop(), second?.stop(), collector?.stop()]);
  });

  let calls = 0;
  /** A trace of its own for each call, so that its spans can be told. */
  function newTrace() {
    const traceId = `0af7651916cd43dd8448eb21${String(++calls).padStart(8, "0")}`;
    return { traceId, traceparent: `00-${traceId}-${parentSpanId}-01` };
  }

  const callers: Readonly<Record<string, Caller>> = {
    "openai chat": (traceparent) =>
      ask(platform, "/v1/chat/completions", { body: { model, messages }, headers: { traceparent } }),
    "responses chat": (traceparent) =>
      ask(platform, "/v1/responses", { body: { model, input: "one two three" }, headers: { traceparent } }),
    "anthropic chat": (traceparent) =>
      ask(platform, "/v1/messages", {
        body: { model, messages, max_tokens: 50 },
        headers: { traceparent, "anthropic-version": "2023-06-01" },
      }),
    "ollama chat": (traceparent) =>
      ask(platform, "/api/chat", { body: { model, messages, stream: false }, headers: { traceparent } }),
    "graphql chat": (traceparent) =>
      askGraph(platform, {
        query: `mutation { chat(input: {model: "${model}", messages: [{role: USER, content: "one two three"}]}) { content } }`,
        headers: { traceparent },
      }),
    "grpc chat": (traceparent) => client.ask(grpc.chat, { model, messages }, { metadata: { traceparent } }),
    "websocket chat": async (traceparent) => {
      const socket = await connectSocket(platform, "/ws/chat");
      socket.send({ type: "chat.start", id: "c", data: { request: { model, messages }, traceparent } });
      await socket.next("chat.done", "c");
      await socket.close();
    },
  };

  describe("a call with a fallback and a retry is one tree", () => {
    test.each(Object.keys(callers))("over %s", async (name) => {
      const { traceId, traceparent } = newTrace();
      await callers[name]?.(traceparent);
      const spans = await collector.trace(traceId, 5);
      expect(spans).toHaveLength(5);

      // A response is made of a chat, as the gateway sees it.
      const server = only(spans, name === "responses chat" ? "openai chat" : name);
      expect(server).toMatchObject({ parentSpanId, kind: 2, status: 0, service: "gateway-under-test" });
      expect(server.attributes["llm_platform.request_id"]).toMatch(/^req_/);
      expect(server.events).toEqual(["llm_platform.admitted", "llm_platform.routed", "llm_platform.sent"]);

      const call = only(spans, `chat ${model}`);
      expect(call).toMatchObject({ parentSpanId: server.spanId, kind: 3, status: 0 });
      expect(call.attributes).toMatchObject({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.response.model": "tiny-chat",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.output_tokens": 4,
        "llm_platform.attempts": 3,
      });

      const attempts = spans
        .filter((span) => span.parentSpanId === call.spanId)
        .sort((a, b) => a.startMs - b.startMs);
      expect(
        attempts.map((span) => [span.name, span.status, span.attributes["http.request.resend_count"]]),
      ).toEqual([
        ["attempt first/tiny-chat", 2, 0],
        ["attempt second/tiny-chat", 2, 1],
        ["attempt first/tiny-chat", 0, 2],
      ]);
      expect(attempts[0]?.attributes).toMatchObject({
        "error.type": "upstream_error",
        "http.response.status_code": 503,
      });
      // Each upstream belongs under the attempt that asked it.
      const sent = [...first.requests, ...second.requests]
        .map((request) => request.header("traceparent") ?? "")
        .filter((text) => text.includes(traceId));
      expect(sent.sort()).toEqual(attempts.map((span) => `00-${traceId}-${span.spanId}-01`).sort());
      for (const span of [server, call, ...attempts]) expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
    });
  });

  test("a call without a trace begins one", async () => {
    const { requestId } = await ask(platform, "/v1/chat/completions", { body: { model, messages } });
    const server = await collector.spans.find(
      (span) => span.attributes["llm_platform.request_id"] === requestId && span.kind === 2,
    );
    expect(server.parentSpanId).toBe("");
    expect(await collector.trace(server.traceId, 5)).toHaveLength(5);
  });

  test("metrics and the log are sent as well, with the token of the settings", async () => {
    const started = await collector.logs.find(({ event }) => event === "integration.state_changed");
    expect(started.severity).toBe("INFO");
    const built = await collector.metrics.find(({ name }) => name === "llm_build_info");
    expect(built.points[0]?.value).toBe(1);
    expect(new Set(collector.tokens)).toEqual(new Set(["Bearer collector-token"]));
  });
});
