import { afterEach, describe, expect, test } from "vitest";
import { ask, chat } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { connectClients, startWithWorkers } from "../e2e/worker-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { startOtlpCollector } from "../fakes/otlp-collector.ts";
import { whenModelsAreThere } from "../grpc/grpc-client.ts";

const model = "fake/tiny-chat";
const sampled = "00-0af7651916cd43dd8448eb2100000001-b7ad6b7169203331-01";
const traceId = sampled.slice(3, 35);

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startUpstream() {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  stops.push(() => upstream.stop());
  return upstream;
}

async function startCollector() {
  const collector = await startOtlpCollector();
  stops.push(() => collector.stop());
  return collector;
}

async function untilReady(platform: Platform): Promise<void> {
  stops.push(() => platform.stop());
  await whenModelsAreThere(platform, ["fake"]);
}

/** The metric's value over all its series of that signal. */
async function counted(platform: Platform, name: string, signal: string): Promise<number> {
  const { text } = await ask(platform, "/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${name}{signal="${signal}"}`));
  return Number(line?.split(" ")[1] ?? 0);
}

describe("sampling", () => {
  test("at 1 % keeps every call that failed or was slow, and few others", async () => {
    const [upstream, collector] = await Promise.all([startUpstream(), startCollector()]);
    const platform = await startPlatform({
      config: {
        gateway: { max_retries: 0, breaker: { failures: 1_000 } },
        integrations: [openAiIntegration("fake", upstream.origin)],
        opentelemetry: {
          enabled: true,
          endpoint: collector.endpoint,
          sampler_ratio: 0.01,
          slow_seconds: 0.5,
          signals: ["traces"],
        },
      },
    });
    await untilReady(platform);
    const plain = 60;
    for (let call = 0; call < plain; call++) await chat(platform, model);
    upstream.script({ kind: "status", status: 500 });
    const failed = await chat(platform, model);
    expect(failed.status).toBe(502);
    upstream.script({ kind: "slow-head", delayMs: 700 });
    const slow = await chat(platform, model);
    expect(slow.status).toBe(200);
    const idOf = (requestId: string) =>
      collector.spans.find(
        (span) => span.kind === 2 && span.attributes["llm_platform.request_id"] === requestId,
      );
    expect(await idOf(failed.requestId)).toMatchObject({ status: 2 });
    const slowSpan = await idOf(slow.requestId);
    expect(slowSpan.endMs - slowSpan.startMs).toBeGreaterThan(500);
    const roots = collector.spans.items.filter(({ kind }) => kind === 2);
    expect(roots.length).toBeLessThan(2 + plain / 4);
  });

  test("follows the caller's own decision", async () => {
    const [upstream, collector] = await Promise.all([startUpstream(), startCollector()]);
    const platform = await startPlatform({
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        opentelemetry: { enabled: true, endpoint: collector.endpoint, sampler: "parentbased_always_off" },
      },
    });
    await untilReady(platform);
    const dropped = sampled.replace("eb21", "eb22").replace(/01$/, "00");
    const body = { model, messages: [{ role: "user", content: "one" }] };
    await ask(platform, "/v1/chat/completions", { body, headers: { traceparent: dropped } });
    await ask(platform, "/v1/chat/completions", { body, headers: { traceparent: sampled } });
    expect(await collector.trace(traceId, 3)).toHaveLength(3);
    expect(collector.spans.items.filter((span) => span.traceId !== traceId)).toEqual([]);
    const sent = [...upstream.requests].flatMap((request) => request.header("traceparent") ?? []);
    expect(sent[0]).toMatch(/^00-0af7651916cd43dd8448eb2200000001-[0-9a-f]{16}-00$/);
  });
});

test("what workers serve is traced as well", async () => {
  const [upstream, collector] = await Promise.all([startUpstream(), startCollector()]);
  const platform = await startWithWorkers({
    integrations: [openAiIntegration("fake", upstream.origin)],
    opentelemetry: { enabled: true, endpoint: collector.endpoint },
  });
  await untilReady(platform);
  const clients = connectClients(platform, 4);
  const replies = await Promise.all(clients.map((client) => client.chat({ model })));
  for (const client of clients) client.leave();
  for (const { requestId } of replies) {
    const root = await collector.spans.find(
      (span) => span.kind === 2 && span.attributes["llm_platform.request_id"] === requestId,
    );
    expect(await collector.trace(root.traceId, 3)).toHaveLength(3);
  }
});

test("a collector that is away harms no call, is told of by the integration, and gets what waits once it is back", async () => {
  const [upstream, collector] = await Promise.all([startUpstream(), startCollector()]);
  const platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      opentelemetry: { enabled: true, endpoint: collector.endpoint, signals: ["traces"] },
    },
  });
  await untilReady(platform);
  collector.refuse(true);
  const { requestId, status } = await chat(platform, model);
  expect(status).toBe(200);
  await platform.logLine(/"event":"opentelemetry\.export_failed"/);
  expect(await counted(platform, "llm_telemetry_export_failures_total", "traces")).toBeGreaterThan(0);
  await platform.logLine(/(?=.*"opentelemetry")(?=.*"degraded").*"integration\.state_changed"/);
  collector.refuse(false);
  await collector.spans.find((span) => span.attributes["llm_platform.request_id"] === requestId);
  await platform.logLine(/"event":"opentelemetry\.export_resumed"/);
  expect(await counted(platform, "llm_telemetry_exported_total", "traces")).toBeGreaterThanOrEqual(3);
  expect(await counted(platform, "llm_telemetry_dropped_total", "traces")).toBe(0);
});

test("what waits goes out when the server stops", async () => {
  const [upstream, collector] = await Promise.all([startUpstream(), startCollector()]);
  const platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      opentelemetry: { enabled: true, endpoint: collector.endpoint },
    },
  });
  await whenModelsAreThere(platform, ["fake"]);
  const { requestId } = await chat(platform, model);
  await platform.stop();
  expect(collector.spans.items.some((span) => span.attributes["llm_platform.request_id"] === requestId)).toBe(
    true,
  );
});
