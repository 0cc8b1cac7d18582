import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defineIntegration } from "../integration.ts";
import { Secret } from "../settings.ts";
import { createFakeHost, type FakeHost } from "./fake-host.ts";

interface Settings {
  readonly base_url: string;
  readonly api_key: Secret;
}

const definition = defineIntegration<Settings>({
  contract: 1,
  id: "sample",
  type: "service",
  summary: "A sample",
  metrics: [
    { name: "calls_total", help: "Calls", type: "counter", labels: ["outcome"] },
    { name: "depth", help: "Depth", type: "gauge" },
    { name: "wait_seconds", help: "Wait", type: "histogram", buckets: [1, 2] },
  ],
  settings: {
    schema: {
      "~standard": {
        version: 1,
        vendor: "test",
        validate(value) {
          const isGood = typeof value === "object" && value !== null && "base_url" in value;
          if (!isGood)
            return { issues: [{ message: "is required", path: ["base_url"] }, { message: "is empty" }] };
          return { value: { base_url: String(value.base_url), api_key: new Secret("s3cret") } };
        },
      },
    },
    jsonSchema: { type: "object" },
  },
  start: () => Promise.reject(new Error("not in this test")),
});

const server = createServer((request, response) => {
  if (request.url === "/moved") response.writeHead(302, { location: "http://elsewhere.example/" }).end();
  else if (request.url !== "/silent") response.end("hello");
});
let host: FakeHost<Settings>;
let origin: string;

beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  host = await createFakeHost({ definition, settings: { base_url: `${origin}/v1` } });
});

afterEach(async () => {
  await host.cleanup();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

describe("the fake host", () => {
  test("refuses settings with all problems at once", async () => {
    await expect(createFakeHost({ definition, settings: {} })).rejects.toMatchObject({
      code: "config_invalid",
      problems: [
        { field: "settings.base_url", message: "is required" },
        { field: "settings", message: "is empty" },
      ],
    });
  });

  test("fetches from origins of the settings only, and follows no redirect", async () => {
    const { context } = host;
    expect(await (await context.fetch(`${origin}/other`)).text()).toBe("hello");
    expect((await context.fetch(`${origin}/moved`)).status).toBe(302);
    await expect(context.fetch("http://127.0.0.2:1/")).rejects.toMatchObject({ code: "forbidden" });
    await expect(context.fetch("no url")).rejects.toMatchObject({ code: "forbidden" });
    expect(() => context.upstream("http://elsewhere.example")).toThrow(
      /does not stand in the integration's settings/,
    );
    expect(() => context.upstream("unix:/var/run/docker.sock")).toThrow(/does not stand/);
    expect(context.upstream(`unix:${context.dataDirectory}/engine.sock`).openConnections).toBe(0);
  });

  test("ends a fetch at its deadline, by its signal and when the host aborts", async () => {
    const { context } = host;
    const silent = `${origin}/silent`;
    await expect(context.fetch(silent, { deadlineMs: 20 })).rejects.toMatchObject({
      code: "upstream_timeout",
    });
    const own = new AbortController();
    const byOwn = context.fetch(silent, { signal: own.signal });
    own.abort(new Error("mine"));
    await expect(byOwn).rejects.toThrow("mine");
    const byHost = context.fetch(silent);
    host.abort();
    await expect(byHost).rejects.toMatchObject({ code: "shutting_down" });
  });

  test("reads metrics back and refuses what is not declared", () => {
    const { context, metrics } = host;
    context.metrics.add("calls_total", 1, { outcome: "ok" });
    context.metrics.add("calls_total", 2, { outcome: "ok" });
    context.metrics.set("depth", -4);
    context.metrics.observe("wait_seconds", 0.5);
    context.metrics.observe("wait_seconds", 1.5);
    expect(metrics.value("calls_total", { outcome: "ok" })).toBe(3);
    expect(metrics.value("calls_total", { outcome: "bad" })).toBeUndefined();
    expect(metrics.value("depth")).toBe(-4);
    expect(metrics.observations("wait_seconds")).toEqual([0.5, 1.5]);
    for (const misuse of [
      () => context.metrics.add("other_total", 1),
      () => context.metrics.set("calls_total", 1, { outcome: "ok" }),
      () => context.metrics.add("calls_total", 1),
      () => context.metrics.add("calls_total", -1, { outcome: "ok" }),
    ]) {
      expect(misuse).toThrow(expect.objectContaining({ code: "internal" }));
    }
    expect(metrics.violations).toHaveLength(4);
  });

  test("keeps key-values as JSON within their bounds, logs and events", async () => {
    const { keyValues, log, emit } = host.context;
    await keyValues.set("k", { list: [1] });
    expect(await host.keyValues.get("k")).toEqual({ list: [1] });
    await keyValues.delete("k");
    expect(await keyValues.get("k")).toBeUndefined();
    await expect(keyValues.set("k".repeat(257), 1)).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(keyValues.set("k", "v".repeat(65_536))).rejects.toMatchObject({ code: "payload_too_large" });
    log.warn("sample.odd", { count: 1 });
    emit("models.changed");
    expect(host.logs).toEqual([{ level: "warn", event: "sample.odd", fields: { count: 1 } }]);
    expect(host.events).toEqual([{ type: "models.changed", data: {} }]);
    expect(host.secrets).toEqual(["s3cret"]);
  });

  test("has a folder of its own until it is cleaned up", async () => {
    expect(existsSync(host.context.dataDirectory)).toBe(true);
    await host.cleanup();
    expect(existsSync(host.context.dataDirectory)).toBe(false);
  });
});
