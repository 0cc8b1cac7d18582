import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ask, chatBody } from "../e2e/http.ts";
import { openAiIntegration, type Platform, startPlatform } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { prometheusProgram, startPrometheus } from "../services/prometheus.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const openMetrics = { accept: "application/openmetrics-text; version=1.0.0" };

/** A platform that has answered one call of a trace, and one of a trace that nobody keeps. */
async function startTraced(): Promise<Platform> {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  onTestFinished(() => upstream.stop());
  const platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)] },
  });
  for (const flags of ["01", "00"]) {
    const trace = flags === "01" ? traceId : "0".repeat(31) + "1";
    await ask(platform, "/v1/chat/completions", {
      body: chatBody("tiny-chat", { stream: true }),
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-${flags}` },
    });
  }
  return platform;
}

test("in OpenMetrics a call whose trace is kept is an exemplar, and no other is", async () => {
  const platform = await startTraced();
  const plain = await ask(platform, "/metrics");
  expect(plain.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(plain.text).not.toContain("trace_id");
  const { text, headers } = await ask(platform, "/metrics", { headers: openMetrics });
  expect(headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(text).toMatch(/^# TYPE llm_requests counter$/m);
  expect(text.endsWith("# EOF\n")).toBe(true);
  const marked = text.split("\n").filter((line) => line.includes("trace_id"));
  expect(marked).toHaveLength(2);
  for (const name of ["llm_request_duration_seconds", "llm_time_to_first_token_seconds"])
    expect(marked.some((line) => line.startsWith(`${name}_bucket`))).toBe(true);
  for (const line of marked) expect(line).toContain(`# {trace_id="${traceId}"}`);
  await platform.stop();
});

test.skipIf(prometheusProgram === undefined)("Prometheus takes the exemplars", async () => {
  const platform = await startTraced();
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-exemplars-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const prometheus = await startPrometheus({ folder, target: `127.0.0.1:${platform.port}`, rules: [] });
  onTestFinished(() => prometheus.stop());
  await vi.waitFor(
    async () => {
      expect(await prometheus.query('up{job="llm-platform"}')).toMatchObject([{ value: 1 }]);
      const found = await fetch(
        `${prometheus.url}/api/v1/query_exemplars?query=llm_request_duration_seconds_bucket&start=0&end=9999999999`,
      );
      expect(await found.text()).toContain(traceId);
    },
    { timeout: 15_000, interval: 250 },
  );
  await platform.stop();
});

test("with a port of its own /metrics is there alone, and needs a key as before", async () => {
  const platform = await startPlatform({
    config: {
      auth: { api_keys: [{ name: "prometheus", key: "a-key-for-prometheus-0123456789", role: "viewer" }] },
      prometheus: { listen: "127.0.0.1:0" },
    },
  });
  const line = await platform.logLine(/"event":"metrics\.listening"/);
  const origin = `http://127.0.0.1:${/"port":(\d+)/.exec(line)?.[1]}`;
  const headers = { authorization: "Bearer a-key-for-prometheus-0123456789" };
  expect((await ask(platform, "/metrics", { headers })).status).toBe(404);
  const there = await fetch(`${origin}/metrics`, { headers });
  expect(there.status).toBe(200);
  expect(await there.text()).toContain("llm_build_info");
  expect((await fetch(`${origin}/metrics`)).status).toBe(401);
  expect((await fetch(`${origin}/v1/models`, { headers })).status).toBe(404);
  expect((await fetch(`${origin}/metrics`, { method: "POST", headers })).status).toBe(405);
  await platform.stop();
});

test("a port for /metrics that other machines can reach needs a key to be set", async () => {
  const start = startPlatform({ config: { prometheus: { listen: "0.0.0.0:0" } } });
  await expect(start).rejects.toThrow(/0\.0\.0\.0 can be reached from other machines/);
});
