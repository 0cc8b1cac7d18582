import { ollamaIntegration } from "@llm-platform/integrations";
import type { ModelInfo, ModelPlatform, PullProgress } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost } from "@llm-platform/kit/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createRouteServer, type Route, type RouteServer } from "./route-server.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const llama = {
  name: "llama3:latest",
  digest: "d1",
  size: 99,
  modified_at: "2026-11-23T06:00:00.5Z",
  details: { family: "llama", quantization_level: "Q4_0" },
};
const healthy: Record<string, Route> = {
  "GET /api/version": { body: { version: "0.13.0" } },
  "GET /api/tags": { body: { models: [llama] } },
  "GET /api/ps": { body: { models: [] } },
  "POST /api/show": { body: { capabilities: ["completion", "tools"] } },
};

interface Started {
  readonly server: RouteServer;
  readonly host: FakeHost<unknown>;
  readonly models: ModelPlatform;
}

async function start(routes: Record<string, Route> = {}, settings: object = {}): Promise<Started> {
  const server = await createRouteServer({ ...healthy, ...routes });
  cleanups.push(async () => server[Symbol.asyncDispose]());
  const host = await createFakeHost({
    definition: ollamaIntegration,
    settings: { base_url: server.origin, ...settings },
  });
  cleanups.push(() => host.cleanup());
  const running = await host.start();
  cleanups.push(() => running.stop(never));
  if (running.models === undefined) throw new Error("no models");
  return { server, host, models: running.models };
}

const count = (server: RouteServer, line: string): number =>
  server.seen.filter((request) => request.line === line).length;

describe("the list of models", () => {
  test("holds what tags, show and ps tell", async () => {
    const ps = { body: { models: [{ name: "llama3:latest", context_length: 4096 }] } };
    const show = {
      body: {
        capabilities: ["completion", "tools"],
        model_info: { "general.architecture": "llama", "llama.context_length": 8192 },
      },
    };
    const { models } = await start({ "GET /api/ps": ps, "POST /api/show": show });
    expect(await models.list(never)).toEqual([
      {
        id: "llama3:latest",
        operations: ["chat", "completion"],
        contextTokens: 4096,
        createdAtSeconds: Math.floor(Date.parse(llama.modified_at) / 1_000),
        sizeBytes: 99,
        family: "llama",
        quantization: "Q4_0",
        capabilities: ["completion", "tools"],
      },
    ]);
  });

  test("asks for the description of a model once, until its digest is another", async () => {
    const { server, models } = await start();
    await models.list(never);
    await models.list(never);
    expect(count(server, "POST /api/show")).toBe(1);
    server.routes["GET /api/tags"] = { body: { models: [{ ...llama, digest: "d2" }] } };
    await models.list(never);
    expect(count(server, "POST /api/show")).toBe(2);
  });

  test.each<[string, object, Route, ModelInfo["operations"]]>([
    ["by capability", { name: "x" }, { body: { capabilities: ["embedding"] } }, ["embedding"]],
    ["by family, of an old server", { name: "x", details: { family: "bert" } }, { body: {} }, ["embedding"]],
    ["by name, where it is not described", { name: "nomic-embed-text:v1" }, { status: 500 }, ["embedding"]],
    ["not at all", { name: "x" }, { body: {} }, ["chat", "completion"]],
    [
      "both",
      { name: "x" },
      { body: { capabilities: ["completion", "embedding"] } },
      ["chat", "completion", "embedding"],
    ],
  ])("knows a model that embeds: %s", async (_name, entry, show, operations) => {
    const { models } = await start({
      "GET /api/tags": { body: { models: [entry] } },
      "POST /api/show": show,
    });
    expect(await models.list(never)).toMatchObject([{ operations }]);
  });

  test("is there although the server does not tell what is loaded", async () => {
    const { models } = await start({ "GET /api/ps": { status: 404 } });
    expect(await models.list(never)).toHaveLength(1);
  });

  test("is announced when it changes", async () => {
    const { server, host, models } = await start();
    server.routes["GET /api/tags"] = { body: { models: [] } };
    await models.list(never);
    expect(host.events).toEqual([{ type: "models.changed", data: { models: 0 } }]);
  });
});

describe("the window", () => {
  const parameters: Route = {
    body: { parameters: 'stop "<|im_end|>"\nnum_ctx                        2048\n' },
  };

  test.each<[string, object, Record<string, Route>, number | undefined]>([
    ["of the settings", { context_tokens: 1024 }, { "POST /api/show": parameters }, 1024],
    [
      "of the loaded model",
      {},
      {
        "POST /api/show": parameters,
        "GET /api/ps": { body: { models: [{ name: "llama3:latest", context_length: 512 }] } },
      },
      512,
    ],
    ["of the model's own parameters", {}, { "POST /api/show": parameters }, 2048],
    [
      "that nobody tells",
      {},
      { "POST /api/show": { body: { model_info: { "general.architecture": "a", "a.context_length": 9 } } } },
      undefined,
    ],
  ])("%s is the one that counts", async (_name, settings, routes, contextTokens) => {
    const { models } = await start(routes, settings);
    expect((await models.list(never))[0]?.contextTokens).toBe(contextTokens);
  });

  test("is known to the codec, by the model's name with or without its tag", async () => {
    const ps = { body: { models: [{ name: "llama3:latest", context_length: 4096 }] } };
    const { models } = await start({ "GET /api/ps": ps });
    const facts = { operation: "chat", stream: false, estimatedInputTokens: 9_000 } as const;
    for (const model of ["llama3", "llama3:latest"]) {
      const decoder = models.codec?.createReplyDecoder(facts);
      decoder?.push(
        Buffer.from(
          JSON.stringify({ model, message: { content: "x" }, done: true, prompt_eval_count: 3_777 }),
        ),
      );
      expect(decoder?.end().map(({ type }) => type)).toContain("warning");
    }
  });
});

test("calls carry the key and go to the path of their operation", async () => {
  const routes = { "POST /api/chat": {}, "POST /api/generate": {}, "POST /api/embed": {} };
  const { server, models } = await start(routes, { api_key: "sk-1" });
  const requests = {
    chat: { messages: [{ role: "user", content: "Hi" }] },
    completion: { prompt: "Hi" },
    embedding: { input: "Hi" },
  };
  for (const operation of ["chat", "completion", "embedding"] as const) {
    const { codec } = models;
    if (codec === undefined) throw new Error("no codec");
    const call = createTestCall({ codec, model: "m", operation, request: { ...requests[operation] } });
    // The codec takes the request as the client wrote it.
    const reply = await models.send(call);
    expect(reply).toMatchObject({ status: 200, dialect: "ollama" });
    reply.body.cancel();
  }
  const posts = server.seen.filter(({ line }) => /chat|generate|embed/.test(line));
  expect(posts.map(({ line }) => line)).toEqual(["POST /api/chat", "POST /api/generate", "POST /api/embed"]);
  for (const { headers } of server.seen) expect(headers.authorization).toBe("Bearer sk-1");
});

describe("a pull", () => {
  const line = (value: object): string => `${JSON.stringify(value)}\n`;
  const options = (seen: PullProgress[], signal = never) => ({
    signal,
    onProgress: (step: PullProgress) => void seen.push(step),
  });

  test("reports its steps and announces the new model", async () => {
    const steps = [
      { status: "pulling manifest" },
      { status: "pulling 6a0746a1ec1a", digest: "sha256:6a0746", total: 10, completed: 4 },
      { status: "verifying sha256 digest" },
      { status: "success" },
    ];
    const text = steps.map(line).join("");
    const { server, host, models } = await start({
      "POST /api/pull": { body: [text.slice(0, 30), text.slice(30)] },
    });
    server.routes["GET /api/tags"] = { body: { models: [llama, { name: "new:latest" }] } };
    const seen: PullProgress[] = [];
    await models.pull?.("new", options(seen));
    expect(seen).toEqual([
      { phase: "pulling manifest" },
      { phase: "pulling", file: "sha256:6a0746", completedBytes: 4, totalBytes: 10 },
      { phase: "verifying sha256 digest" },
      { phase: "success" },
    ]);
    expect(host.events).toEqual([{ type: "models.changed", data: { models: 2 } }]);
  });

  test.each<[string, Route, string]>([
    [
      "a model that is nowhere",
      { body: line({ error: "pull model manifest: file does not exist" }) },
      "model_not_found",
    ],
    ["a full disk", { body: line({ error: "write /x: no space left on device" }) }, "insufficient_storage"],
    ["an end before success", { body: line({ status: "pulling manifest" }) }, "upstream_incomplete"],
    ["a page", { body: "<html>\n" }, "upstream_malformed"],
    ["another status", { status: 500 }, "upstream_error"],
    ["no such route", { status: 404 }, "model_not_found"],
  ])("fails for %s", async (_name, route, code) => {
    const { models } = await start({ "POST /api/pull": route });
    await expect(models.pull?.("x", options([]))).rejects.toMatchObject({ code });
  });

  test("is given up on the server too when it is cancelled", async () => {
    const { server, models } = await start({
      "POST /api/pull": { body: line({ status: "pulling manifest" }), staysOpen: true },
    });
    const controller = new AbortController();
    const reason = new Error("enough");
    const seen: PullProgress[] = [];
    const pull = models.pull?.("x", {
      signal: controller.signal,
      onProgress(step) {
        seen.push(step);
        controller.abort(reason);
      },
    });
    await expect(pull).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
    await server.abandoned;
  });
});

test("loading and unloading say how long the model stays", async () => {
  const { server, models } = await start(
    { "POST /api/generate": {} },
    { keep_alive: "1h", context_tokens: 512 },
  );
  await models.load?.("llama3:latest", never);
  await models.unload?.("llama3:latest", never);
  expect(server.seen.filter(({ line }) => line === "POST /api/generate").map(({ body }) => body)).toEqual([
    { model: "llama3:latest", keep_alive: "1h", options: { num_ctx: 512 }, stream: false },
    { model: "llama3:latest", keep_alive: 0, stream: false },
  ]);
});

test("a model that only embeds is loaded by an empty embedding", async () => {
  const { server, models } = await start({
    "POST /api/show": { body: { capabilities: ["embedding"] } },
    "POST /api/embed": {},
  });
  await models.load?.("llama3", never);
  expect(server.seen.at(-1)).toMatchObject({ line: "POST /api/embed", body: { model: "llama3", input: [] } });
});

test("loaded models tell memory and when they go", async () => {
  const expires = "2026-11-23T07:00:00Z";
  const { models } = await start({
    "GET /api/ps": {
      body: {
        models: [
          { name: "a:latest", size: 10, size_vram: 4, expires_at: expires },
          { name: "b:latest", expires_at: "2318-03-03T00:00:00Z" },
        ],
      },
    },
  });
  expect(await models.loaded?.(never)).toEqual([
    { id: "a:latest", memoryBytes: 10, gpuMemoryBytes: 4, expiresAtMs: Date.parse(expires) },
    { id: "b:latest" },
  ]);
});

test("what is done to a model that is not there is model_not_found", async () => {
  const missing = { status: 404, body: { error: "model 'x' not found" } };
  const { models } = await start({
    "POST /api/show": missing,
    "POST /api/generate": missing,
    "DELETE /api/delete": missing,
  });
  for (const action of [models.show, models.load, models.unload, models.delete]) {
    await expect(action?.("x", never)).rejects.toMatchObject({ code: "model_not_found" });
  }
});

describe("a server that is not well", () => {
  test.each<[number, string]>([
    [200, "ok"],
    [429, "ok"],
    [401, "auth_required"],
    [502, "failed"],
  ])("is told by the probe: status %i is %s", async (status, expected) => {
    const server = await createRouteServer({ ...healthy });
    cleanups.push(async () => server[Symbol.asyncDispose]());
    const host = await createFakeHost({
      definition: ollamaIntegration,
      settings: { base_url: server.origin },
    });
    cleanups.push(() => host.cleanup());
    const running = await host.start();
    cleanups.push(() => running.stop(never));
    server.routes["GET /api/version"] = { status, body: { version: "0.13.0" } };
    expect((await running.health(never)).status).toBe(expected);
  });

  test.each<[Record<string, Route>, string]>([
    [{ "GET /api/version": { status: 401 } }, "upstream_auth"],
    [{ "GET /api/version": { body: "Welcome to nginx" } }, "upstream_malformed"],
    [{ "GET /api/version": { status: 404 } }, "upstream_error"],
    [{ "GET /api/tags": { status: 500 } }, "upstream_error"],
  ])("fails the start with %j as %s", async (routes, code) => {
    await expect(start(routes)).rejects.toMatchObject({ code });
  });

  test("fails the start when nothing listens, and says what to do", async () => {
    const settings = { base_url: "http://127.0.0.1:1" };
    const host = await createFakeHost({ definition: ollamaIntegration, settings });
    cleanups.push(() => host.cleanup());
    await expect(host.start()).rejects.toMatchObject({
      code: "upstream_error",
      isRetryable: true,
      message:
        "Nothing answers at http://127.0.0.1:1. Start Ollama with `ollama serve`, or correct base_url.",
    });
  });
});

test.each([
  { keep_alive: "soon" },
  { context_tokens: 1 },
  { base_url: "unix:/x" },
  { model_refresh_seconds: 0 },
])("the settings %j are refused", async (settings) => {
  const made = createFakeHost({ definition: ollamaIntegration, settings });
  await expect(made).rejects.toMatchObject({ code: "config_invalid" });
});
