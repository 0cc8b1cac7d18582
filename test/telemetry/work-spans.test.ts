import { expect, onTestFinished, test } from "vitest";
import { ask } from "../e2e/http.ts";
import { openAiIntegration, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { startOtlpCollector } from "../fakes/otlp-collector.ts";
import { redisServer, startRedis } from "../services/redis.ts";

async function start(env: Readonly<Record<string, string>> = {}) {
  const [upstream, collector] = await Promise.all([
    createFakeUpstream({ dialect: "openai" }),
    startOtlpCollector(),
  ]);
  const platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      opentelemetry: { enabled: true, endpoint: collector.endpoint, signals: ["traces"] },
    },
    env,
  });
  onTestFinished(async () => {
    await platform.stop();
    await Promise.all([upstream.stop(), collector.stop()]);
  });
  return { platform, collector };
}

test("an operation is a span, with what it asks of the database in it", async () => {
  const { platform, collector } = await start();
  const { requestId } = await ask(platform, "/api/v1/users");
  const operation = await collector.spans.find(
    (span) => span.attributes["llm_platform.request_id"] === requestId,
  );
  expect(operation).toMatchObject({ name: "users.list", kind: 2, parentSpanId: "" });
  const query = await collector.spans.find((span) => span.parentSpanId === operation.spanId);
  expect(query).toMatchObject({ name: "database select", kind: 3, traceId: operation.traceId });
  expect(query.attributes["db.query.text"]).toMatch(/^select .* from "users"/);
});

test("what an integration asks of its server is a span, and what is told to the collector is none", async () => {
  const { collector } = await start();
  // It asks for what only some servers have too, and is told 404.
  const asked = await collector.spans.find(
    (span) =>
      span.attributes["llm_platform.integration"] === "fake" &&
      span.attributes["http.response.status_code"] === 200,
  );
  expect(asked).toMatchObject({ name: "GET fake", kind: 3 });
  expect(asked.attributes["server.address"]).toBe("127.0.0.1");
  await collector.spans.find((span) => span.name.startsWith("database "));
  const own = collector.spans.items.filter(
    (span) => span.attributes["llm_platform.integration"] === "opentelemetry",
  );
  expect(own).toEqual([]);
});

test.skipIf(redisServer === undefined)("what is asked of Redis is a span", async () => {
  const redis = await startRedis();
  onTestFinished(async () => void (await redis.stop()));
  const { collector } = await start({ REDIS_URL: redis.url });
  const command = await collector.spans.find((span) => span.name === "redis command");
  expect(command).toMatchObject({ kind: 3, status: 0, attributes: { "db.system.name": "redis" } });
});
