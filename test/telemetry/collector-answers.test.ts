import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, chat } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { type OtlpCollector, startOtlpCollector } from "../fakes/otlp-collector.ts";
import { whenModelsAreThere } from "../grpc/grpc-client.ts";

const model = "fake/tiny-chat";

async function start(protocol: "http" | "grpc", endpoint: string) {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  const platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      opentelemetry: {
        enabled: true,
        endpoint,
        protocol: protocol === "http" ? "http/protobuf" : protocol,
        signals: ["traces"],
      },
    },
  });
  await whenModelsAreThere(platform, ["fake"]);
  const stop = async () => {
    await platform.stop();
    await upstream.stop();
  };
  return { platform, stop };
}

async function counted(platform: Platform, name: string): Promise<number> {
  const { text } = await ask(platform, "/metrics");
  const line = text.split("\n").find((each) => each.startsWith(`${name}{signal="traces"}`));
  return Number(line?.split(" ")[1] ?? 0);
}

const rootOf = (requestId: string) => (span: { readonly attributes: Readonly<Record<string, unknown>> }) =>
  span.attributes["llm_platform.request_id"] === requestId;

describe.each(["http", "grpc"] as const)("a collector over %s", (protocol) => {
  let collector: OtlpCollector;
  let platform: Platform;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    collector = await startOtlpCollector(protocol);
    ({ platform, stop } = await start(protocol, collector.endpoint));
  }, 90_000);

  afterAll(async () => {
    await stop?.();
    await collector?.stop();
  });

  test("that keeps but a part says so in the log and in a metric", { timeout: 90_000 }, async () => {
    collector.answer({ kind: "partial", rejected: 2, message: "spans are too old" });
    const { requestId } = await chat(platform, model);
    await collector.spans.find(rootOf(requestId));
    const line = await platform.logLine(/"event":"opentelemetry\.partly_rejected"/);
    expect(line).toContain("spans are too old");
    expect(await counted(platform, "llm_telemetry_rejected_total")).toBeGreaterThanOrEqual(2);
    expect(await counted(platform, "llm_telemetry_export_failures_total")).toBe(0);
    collector.answer({ kind: "take" });
  });

  test("that has no room is asked again when it said, and not before", { timeout: 90_000 }, async () => {
    const seconds = 4;
    collector.answer({ kind: "throttle", seconds });
    const before = collector.arrivals.items.length;
    const { requestId, status } = await chat(platform, model);
    expect(status).toBe(200);
    await collector.arrivals.find(() => collector.arrivals.items.length > before);
    collector.answer({ kind: "take" });
    await collector.spans.find(rootOf(requestId));
    const [refused = 0, again = 0] = collector.arrivals.items.slice(before);
    expect(again - refused).toBeGreaterThan(seconds * 1_000 - 100);
    expect(await counted(platform, "llm_telemetry_dropped_total")).toBe(0);
  });

  test("that does not answer harms no call, and gets what waits once it does", {
    timeout: 90_000,
  }, async () => {
    collector.answer({ kind: "stall" });
    const before = collector.arrivals.items.length;
    const first = await chat(platform, model);
    await collector.arrivals.find(() => collector.arrivals.items.length > before);
    const replies = [first];
    for (let call = 0; call < 10; call++) replies.push(await chat(platform, model));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    await platform.logLine(/did not answer in time.*"event":"opentelemetry\.export_failed"/);
    collector.answer({ kind: "take" });
    for (const { requestId } of replies) await collector.spans.find(rootOf(requestId));
    expect(await counted(platform, "llm_telemetry_dropped_total")).toBe(0);
  });
});

test("a collector that is not there harms no call, and the integration says so", {
  timeout: 90_000,
}, async () => {
  // A port of a server that has gone.
  const gone = await startOtlpCollector();
  await gone.stop();
  const { platform, stop } = await start("http", gone.endpoint);
  try {
    expect((await chat(platform, model)).status).toBe(200);
    await platform.logLine(/(?=.*"opentelemetry")(?=.*"degraded").*"integration\.state_changed"/);
    expect(await counted(platform, "llm_telemetry_export_failures_total")).toBeGreaterThan(0);
  } finally {
    await stop();
  }
});
