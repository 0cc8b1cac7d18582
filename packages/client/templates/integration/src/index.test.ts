import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createFakeHost, createTestServer, integrationContract } from "@llm-platform/kit/testing";
import { integration } from "./index.ts";

const well = await createTestServer({ body: "up" });
const broken = await createTestServer({ status: 503 });
const silent = await createTestServer("hang");
after(() => Promise.all([well, broken, silent].map((server) => server.stop())));

/** Everything that the platform relies on, case by case. */
const contract = integrationContract({
  definition: integration,
  moduleUrl: new URL("./index.ts", import.meta.url),
  settings: { url: well.url, api_key: "a-key-for-this-test" },
  breakSettings: { url: broken.url },
  hangSettings: { url: silent.url },
});
for (const { name, run } of contract) test(name, run);

test("sends its key, counts its probes, and asks for another key when that one is refused", async () => {
  const server = await createTestServer();
  const host = await createFakeHost({ definition: integration, settings: { url: server.url, api_key: "k" } });
  try {
    const running = await host.start();
    const { signal } = new AbortController();
    assert.deepEqual(await running.health(signal), { status: "ok" });
    assert.equal(server.requests[0]?.headers.authorization, "Bearer k");
    assert.equal(host.metrics.value("probes_total", { outcome: "ok" }), 1);
    server.answer({ status: 401 });
    assert.equal((await running.health(signal)).status, "auth_required");
    await running.stop(signal);
  } finally {
    await host.cleanup();
    await server.stop();
  }
});
