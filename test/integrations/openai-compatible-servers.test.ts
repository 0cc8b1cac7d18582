import { openAiCompatibleIntegration } from "@llm-platform/integrations";
import type { ModelInfo, RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createRouteServer, type Route, type RouteServer } from "./route-server.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Started {
  readonly server: RouteServer;
  readonly host: FakeHost<unknown>;
  readonly start: () => Promise<RunningIntegration>;
}

async function prepare(routes: Record<string, Route>, settings: object = {}, path = "/v1"): Promise<Started> {
  const server = await createRouteServer(routes);
  cleanups.push(async () => server[Symbol.asyncDispose]());
  const host = await createFakeHost({
    definition: openAiCompatibleIntegration,
    settings: { base_url: `${server.origin}${path}`, ...settings },
  });
  cleanups.push(() => host.cleanup());
  const start = async (): Promise<RunningIntegration> => {
    const running = await host.start();
    cleanups.push(() => running.stop(never));
    return running;
  };
  return { server, host, start };
}

const list = (...data: readonly unknown[]): Route => ({ body: { object: "list", data } });
const modelsOf = async (running: RunningIntegration): Promise<readonly ModelInfo[]> =>
  (await running.models?.list(never)) ?? [];

describe("which server it is", () => {
  test.each<[string, Record<string, Route>]>([
    ["vllm", { "GET /v1/models": list({ id: "a", owned_by: "vllm" }) }],
    [
      "vllm",
      {
        "GET /v1/models": list({ id: "a", owned_by: "team" }),
        "GET /version": { body: { version: "0.11.0" } },
      },
    ],
    ["llama_cpp", { "GET /v1/models": { ...list({ id: "a" }), headers: { server: "llama.cpp" } } }],
    ["llama_cpp", { "GET /v1/models": list({ id: "a", owned_by: "llamacpp" }) }],
    [
      "llama_cpp",
      { "GET /v1/models": list({ id: "a" }), "GET /props": { body: { default_generation_settings: {} } } },
    ],
    ["lm_studio", { "GET /v1/models": list(), "GET /api/v0/models": list() }],
    [
      "localai",
      { "GET /v1/models": list({ id: "a" }), "GET /version": { body: { version: "v3.7.0 (abc)" } } },
    ],
    [
      "text_generation_webui",
      {
        "GET /v1/models": list({ id: "a", owned_by: "user" }),
        "GET /v1/internal/model/info": { body: { model_name: "a" } },
      },
    ],
    ["openai", { "GET /v1/models": list({ id: "a", owned_by: "system" }) }],
    [
      "openai",
      { "GET /v1/models": list({ id: "a" }), "GET /version": { body: "<html>" }, "GET /props": { body: [] } },
    ],
  ])("is seen to be %s, without a call that costs tokens", async (provider, routes) => {
    const { server, start } = await prepare(routes);
    expect((await start()).models?.provider).toBe(provider);
    expect(server.seen.every(({ line }) => line.startsWith("GET "))).toBe(true);
  });

  test("is not looked for when the settings say it", async () => {
    const { server, start } = await prepare({ "GET /v1/models": list({ id: "a" }) }, { profile: "vllm" });
    expect((await start()).models?.provider).toBe("vllm");
    expect(server.seen.map(({ line }) => line)).toEqual(["GET /v1/models", "GET /v1/models"]);
  });
});

describe("the models", () => {
  test("of vLLM and llama.cpp come with their window", async () => {
    const vllm = { id: "a", owned_by: "vllm", created: 7, max_model_len: 4096 };
    const { start } = await prepare({ "GET /v1/models": list(vllm) });
    expect(await modelsOf(await start())).toEqual([
      {
        id: "a",
        operations: ["chat", "completion", "embedding"],
        contextTokens: 4096,
        ownedBy: "vllm",
        createdAtSeconds: 7,
      },
    ]);
    const llama = { id: "b", owned_by: "llamacpp", meta: { n_ctx_train: 131_072, size: 99 } };
    const other = await prepare({ "GET /v1/models": list(llama) });
    expect(await modelsOf(await other.start())).toMatchObject([
      { id: "b", contextTokens: 131_072, sizeBytes: 99 },
    ]);
    other.server.routes["GET /props"] = { body: { default_generation_settings: { n_ctx: 8192 } } };
    expect(await modelsOf(await other.start())).toMatchObject([{ id: "b", contextTokens: 8192 }]);
  });

  test("of LM Studio come with what its own list tells", async () => {
    const own = [
      {
        id: "a",
        type: "vlm",
        arch: "llama",
        quantization: "Q4_K_M",
        max_context_length: 9,
        loaded_context_length: 8,
      },
      { id: "b", type: "embeddings", max_context_length: 512 },
    ];
    const { start } = await prepare({
      "GET /v1/models": list({ id: "a", owned_by: "organization_owner" }, { id: "b" }, { id: "c" }),
      "GET /api/v0/models": list(...own),
    });
    expect(await modelsOf(await start())).toEqual([
      {
        id: "a",
        operations: ["chat", "completion"],
        ownedBy: "organization_owner",
        contextTokens: 8,
        family: "llama",
        quantization: "Q4_K_M",
        capabilities: ["vision"],
      },
      { id: "b", operations: ["embedding"], contextTokens: 512 },
      { id: "c", operations: ["chat", "completion", "embedding"] },
    ]);
  });

  test("that embed are known by their name", async () => {
    const { start } = await prepare({
      "GET /v1/models": list({ id: "nomic-embed-text" }, { id: "BAAI/bge-m3" }, { id: "embers" }),
    });
    const operations = (await modelsOf(await start())).map((model) => model.operations.join());
    expect(operations).toEqual(["embedding", "embedding", "chat,completion,embedding"]);
  });

  test("are only those that the settings name", async () => {
    const models = ["b", { id: "c", operations: ["embedding"] }, "d"];
    const { start } = await prepare(
      { "GET /v1/models": list({ id: "a" }, { id: "b" }, { id: "c" }) },
      { models },
    );
    expect(await modelsOf(await start())).toEqual([
      { id: "b", operations: ["chat", "completion", "embedding"] },
      { id: "c", operations: ["embedding"] },
    ]);
  });

  test("are those of the settings where the server has no list", async () => {
    const { start } = await prepare({}, { models: ["a"] });
    const running = await start();
    expect(await modelsOf(running)).toEqual([{ id: "a", operations: ["chat", "completion", "embedding"] }]);
    expect(await running.health(never)).toEqual({ status: "ok" });
  });

  test("are announced when a look finds others", async () => {
    const { server, host, start } = await prepare({ "GET /v1/models": list({ id: "a" }) });
    const running = await start();
    await modelsOf(running);
    expect(host.events).toEqual([]);
    server.routes["GET /v1/models"] = list({ id: "a" }, { id: "b" });
    await modelsOf(running);
    expect(host.events).toEqual([{ type: "models.changed", data: { models: 2 } }]);
  });

  test("that stand twice or without an id in the list are offered once or not at all", async () => {
    const { start } = await prepare({
      "GET /v1/models": list({ id: "a" }, { id: "a" }, { name: "x" }, 7, null),
    });
    expect((await modelsOf(await start())).map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("the address", () => {
  test.each([
    ["/v1/", "/v1"],
    ["/team/vllm/v1", "/team/vllm/v1"],
    ["", "/v1"],
    ["/", "/v1"],
  ])("%j leads to %j", async (path, prefix) => {
    const { server, start } = await prepare(
      { [`GET ${prefix}/models`]: list({ id: "a" }), [`POST ${prefix}/chat/completions`]: { body: "done" } },
      { api_key: "sk-1", headers: { "X-Team": "red" } },
      path,
    );
    const running = await start();
    const call = createTestCall({ model: "a", request: { messages: [] } });
    const reply = await running.models?.send(call);
    expect(reply?.dialect).toBe("openai");
    expect(reply && Buffer.from(await readReplyBody(reply.body)).toString()).toBe("done");
    const sent = server.seen.at(-1);
    expect(sent?.line).toBe(`POST ${prefix}/chat/completions`);
    expect(sent?.headers).toMatchObject({
      authorization: "Bearer sk-1",
      "content-type": "application/json",
      "x-team": "red",
    });
    expect(sent?.headers).not.toHaveProperty("traceparent");
    expect(sent?.body).toEqual(call.json());
  });

  test("without a path may be the API itself", async () => {
    const { server, start } = await prepare(
      { "GET /models": list({ id: "a" }), "POST /embeddings": {} },
      {},
      "",
    );
    const running = await start();
    const call = createTestCall({ model: "a", operation: "embedding", request: { input: "x" } });
    const traced = { ...call, traceparent: "00-1-2-01" };
    expect((await running.models?.send(traced))?.status).toBe(200);
    expect(server.seen.at(-1)).toMatchObject({
      line: "POST /embeddings",
      headers: { traceparent: "00-1-2-01" },
    });
  });
});

describe("a server that is not well", () => {
  test.each([
    [401, "upstream_auth"],
    [403, "upstream_auth"],
    [500, "upstream_error"],
    [404, "upstream_error"],
  ])("fails the start with status %i as %s", async (status, code) => {
    const { start } = await prepare({ "GET /v1/models": { status } });
    await expect(start()).rejects.toMatchObject({ code });
  });

  test.each<[Route]>([[{ body: "<html>" }], [{ body: { data: "x" } }], [{ body: "" }]])(
    "fails or offers nothing when its list is %j",
    async (route) => {
      const { start } = await prepare({ "GET /v1/models": route });
      const [outcome] = await Promise.allSettled([start().then(modelsOf)]);
      if (outcome.status === "fulfilled") expect(outcome.value).toEqual([]);
      else expect(outcome.reason).toMatchObject({ code: "upstream_malformed" });
    },
  );

  test("fails the start when nothing listens, so that it is tried again", async () => {
    const { server, start } = await prepare({});
    await server[Symbol.asyncDispose]();
    cleanups.splice(0, 1);
    await expect(start()).rejects.toMatchObject({ code: "upstream_error", isRetryable: true });
  });

  test.each<[number, string]>([
    [200, "ok"],
    [429, "ok"],
    [401, "auth_required"],
    [403, "auth_required"],
    [500, "failed"],
    [503, "failed"],
  ])("is told by the probe: status %i is %s", async (status, expected) => {
    const { server, start } = await prepare({
      "GET /v1/models": list({ id: "a", owned_by: "vllm" }),
      "GET /health": {},
    });
    const running = await start();
    server.routes["GET /health"] = { status };
    expect((await running.health(never)).status).toBe(expected);
  });

  test("needs another key when its list refuses the one in use, although its health path is open", async () => {
    const { server, start } = await prepare({
      "GET /v1/models": list({ id: "a", owned_by: "vllm" }),
      "GET /health": {},
    });
    const running = await start();
    server.routes["GET /v1/models"] = { status: 401 };
    await expect(running.models?.list(never)).rejects.toMatchObject({ code: "upstream_auth" });
    expect((await running.health(never)).status).toBe("auth_required");
  });

  test("is told in a plain sentence when it is gone", async () => {
    const { server, start } = await prepare({ "GET /v1/models": list({ id: "a" }) });
    const running = await start();
    await server[Symbol.asyncDispose]();
    cleanups.splice(0, 1);
    expect(await running.health(never)).toEqual({
      status: "failed",
      detail: `Nothing answers at ${server.origin}. Check that the server runs and that the address is right.`,
    });
  });
});

test.each([true, false])("streams are asked for usage as the settings say: %s", async (stream_usage) => {
  const { start } = await prepare({ "GET /v1/models": list({ id: "a" }) }, { stream_usage });
  expect((await start()).models?.reportsStreamUsage).toBe(stream_usage);
});

test.each([
  { base_url: "ftp://x/v1" },
  { base_url: "http://user:pw@x/v1" },
  { base_url: "http://x/v1?key=1" },
  { base_url: "x" },
  {},
  { base_url: "http://x", api_key: "a\r\nb" },
  { base_url: "http://x", headers: { host: "y" } },
  { base_url: "http://x", headers: { "x-a": "b\r\nc" } },
  { base_url: "http://x", profile: "tgi" },
  { base_url: "http://x", models: [] },
])("the settings %j are refused", async (settings) => {
  const made = createFakeHost({ definition: openAiCompatibleIntegration, settings });
  await expect(made).rejects.toMatchObject({ code: "config_invalid" });
});
