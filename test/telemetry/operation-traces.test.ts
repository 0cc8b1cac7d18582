import { afterAll, beforeAll, expect, test } from "vitest";
import { askGraph } from "../e2e/graphql-calls.ts";
import { ask } from "../e2e/http.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";
import { connectSocket } from "../e2e/websocket-client.ts";
import { type OtlpCollector, startOtlpCollector } from "../fakes/otlp-collector.ts";
import { type GrpcClient, openGrpc } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";

const parentSpanId = "b7ad6b7169203331";

let collector: OtlpCollector;
let platform: Platform;
let client: GrpcClient;

beforeAll(async () => {
  collector = await startOtlpCollector();
  platform = await startPlatform({
    config: {
      opentelemetry: { enabled: true, endpoint: collector.endpoint, signals: ["traces", "logs"] },
    },
  });
  client = await openGrpc(platform);
}, 60_000);

afterAll(async () => {
  client?.close();
  await platform?.stop();
  await collector?.stop();
});

let traces = 0;
function newTrace() {
  const traceId = `1bf7651916cd43dd8448eb21${String(++traces).padStart(8, "0")}`;
  return { traceId, traceparent: `00-${traceId}-${parentSpanId}-01` };
}

const mcpCall = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "integrations_list", arguments: {} },
};

const askers: Readonly<Record<string, (traceparent: string) => Promise<unknown>>> = {
  http: (traceparent) => ask(platform, "/integrations/", { headers: { traceparent } }),
  graphql: (traceparent) =>
    askGraph(platform, { query: "{ integrations(first: 1) { nodes { name } } }", headers: { traceparent } }),
  grpc: (traceparent) => client.ask(grpc.integrations.list, {}, { metadata: { traceparent } }),
  websocket: async (traceparent) => {
    const socket = await connectSocket(platform, "/ws/chat");
    socket.send({ type: "operation.call", id: "o", data: { name: "integrations.list", traceparent } });
    await socket.next("operation.result", "o");
    await socket.close();
  },
  mcp: (traceparent) =>
    ask(platform, "/mcp", {
      body: mcpCall,
      headers: {
        traceparent,
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
      },
    }),
};

test.each(Object.keys(askers))(
  "an operation over %s is a child of the caller's span",
  { timeout: 60_000 },
  async (name) => {
    const { traceId, traceparent } = newTrace();
    await askers[name]?.(traceparent);
    const operation = await collector.spans.find((span) => span.traceId === traceId && span.kind === 2);
    expect(operation).toMatchObject({ name: "integrations.list", parentSpanId, status: 0 });
  },
);

test("a line of the log that is written in the course of an operation names its span", async () => {
  const { traceId, traceparent } = newTrace();
  await ask(platform, "/api/v1/system/log-levels", {
    method: "PUT",
    body: { levels: [] },
    headers: { traceparent },
  });
  const operation = await collector.spans.find((span) => span.traceId === traceId && span.kind === 2);
  const line = await collector.logs.find(({ event }) => event === "log.levels_set");
  expect(line).toMatchObject({ traceId, spanId: operation.spanId });
  expect(line.attributes).not.toHaveProperty("trace_id");
  const written = await platform.logLine(/"event":"log\.levels_set"/);
  expect(JSON.parse(String(written))).toMatchObject({ trace_id: traceId, span_id: operation.spanId });
  const outside = await collector.logs.find(({ event }) => event === "platform.started");
  expect(outside.traceId).toBe("");
});
