import { huggingFaceIntegration } from "@llm-platform/integrations";
import { createFakeHost, integrationContract } from "@llm-platform/kit/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeHub, type FakeHub, hubToken } from "../fakes/hub/fake-hub.ts";
import { givenContents, seededContents } from "../fakes/hub/hub-contents.ts";

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
const weights = seededContents(100_000, "integration");
let hub: FakeHub;

beforeAll(async () => {
  const many = Array.from({ length: 60 }, (_, index) => ({
    id: `acme/many-${String(index).padStart(2, "0")}`,
    files: { "x-Q4_0.gguf": givenContents(Buffer.from(String(index))) },
    library: "gguf",
    downloads: 100 - index,
  }));
  hub = await createFakeHub([
    {
      id: "acme/chat-GGUF",
      files: {
        "chat-Q8_0.gguf": weights,
        "run.py": givenContents(Buffer.from("x")),
        "README.md": givenContents(Buffer.from("#")),
      },
      library: "gguf",
      task: "text-generation",
      license: "mit",
      downloads: 1_000,
      parameters: 600_000_000,
    },
    {
      id: "acme/asked-for",
      files: { "x-Q4_0.gguf": weights },
      gated: "manual",
      library: "gguf",
      downloads: 500,
    },
    { id: "acme/torch", files: { "model.safetensors": weights }, library: "transformers", downloads: 400 },
    { id: "acme/hidden", files: { "x-Q4_0.gguf": weights }, isPrivate: true, library: "gguf" },
    ...many,
  ]);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => hub.stop());

async function start(settings: object = {}) {
  const host = await createFakeHost({
    definition: huggingFaceIntegration,
    settings: { endpoint: hub.origin, download_origins: [hub.filesOrigin], ...settings },
  });
  cleanups.push(() => host.cleanup());
  const running = await host.start();
  cleanups.push(() => running.stop(never));
  if (running.hub === undefined) throw new Error("no hub");
  return { host, running, models: running.hub };
}

describe("the contract", () => {
  for (const { name, run } of integrationContract({
    definition: huggingFaceIntegration,
    settings: { endpoint: "http://127.0.0.1:9", token: hubToken },
  }))
    test(name, run);
});

describe("a search", () => {
  const byDownloads = { sort: "downloads", limit: 20 } as const;

  test("filters by what a repository is for, under what licence, and whether access must be asked for", async () => {
    const { models } = await start();
    const ids = async (query: object) =>
      (await models.search({ ...byDownloads, text: "acme", ...query }, never)).models.map(({ id }) => id);
    expect(await ids({ library: "transformers" })).toEqual(["acme/torch"]);
    expect(await ids({ license: "mit" })).toEqual(["acme/chat-GGUF"]);
    expect(await ids({ task: "text-generation" })).toEqual(["acme/chat-GGUF"]);
    expect(await ids({ gated: true })).toEqual(["acme/asked-for"]);
    expect(await ids({ quantization: "q8_0" })).toEqual(["acme/chat-GGUF"]);
    expect((await ids({ maxParameters: 1_000 })).includes("acme/chat-GGUF")).toBe(false);
    expect(await ids({ text: "hidden" })).toEqual([]);
  });

  test("gives every repository once, page by page, and takes nothing else for a place in it", async () => {
    const { models } = await start();
    const all: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const place: { cursor?: string } = cursor === "" ? {} : { cursor };
      const page = await models.search({ ...byDownloads, text: "many", ...place }, never);
      all.push(...page.models.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(new Set(all).size).toBe(60);
    const before = hub.requests.length;
    await models.search({ ...byDownloads, cursor: "/api/whoami-v2" }, never).catch(() => undefined);
    expect(hub.requests.slice(before).every(({ path }) => path.startsWith("/api/models?"))).toBe(true);
  });
});

describe("a repository", () => {
  test("is told at its commit, with its files, what they weigh and what to be careful with", async () => {
    const { models } = await start();
    const found = await models.repository("acme/chat-GGUF", undefined, never);
    expect(found).toMatchObject({
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      license: "mit",
      parameters: 600_000_000,
      quantizations: [{ name: "Q8_0", sizeBytes: 100_000 }],
      warnings: [expect.stringContaining("run code")],
    });
    expect(found.files).toContainEqual({
      path: "chat-Q8_0.gguf",
      sizeBytes: 100_000,
      sha256: weights.sha256,
      risk: "none",
    });
    expect((await models.repository("acme/chat-GGUF", found.commit, never)).commit).toBe(found.commit);
  });

  test("is asked for anew by its ETag, and one at a commit not at all", async () => {
    const { models } = await start({ cache_seconds: 0 });
    const { commit } = await models.repository("acme/chat-GGUF", undefined, never);
    const before = hub.requests.length;
    await models.repository("acme/chat-GGUF", undefined, never);
    const since = hub.requests.slice(before);
    expect(since).toMatchObject([{ status: 304, ifNoneMatch: expect.any(String) }]);
    await models.repository("acme/chat-GGUF", commit, never);
    const pinned = hub.requests.length;
    await models.repository("acme/chat-GGUF", commit, never);
    expect(hub.requests.length).toBe(pinned);
  });

  test.each([
    ["acme/none", "not_found"],
    ["acme/hidden", "not_found"],
    ["../x", "invalid_request"],
    ["a/b/c", "invalid_request"],
    ["a/..", "invalid_request"],
  ])("%s is refused with %s", async (name, code) => {
    const { models } = await start();
    await expect(models.repository(name, undefined, never)).rejects.toMatchObject({ code });
  });

  test("that is private opens with the token", async () => {
    const { models } = await start({ token: hubToken });
    expect((await models.repository("acme/hidden", undefined, never)).isPrivate).toBe(true);
  });
});

test("offline, the Hub is not asked", async () => {
  const { models, running } = await start({ offline: true });
  const before = hub.requests.length;
  await expect(models.search({ sort: "downloads", limit: 1 }, never)).rejects.toMatchObject({
    code: "unavailable",
  });
  expect(hub.requests.length).toBe(before);
  expect(await running.health(never)).toMatchObject({
    status: "ok",
    detail: expect.stringContaining("offline"),
  });
});

test("a wrong token is told apart from a repository that is not there", async () => {
  const { models, running } = await start({ token: "hf_wrong" });
  await expect(models.search({ sort: "downloads", limit: 1 }, never)).rejects.toMatchObject({
    code: "upstream_auth",
  });
  expect(await running.health(never)).toMatchObject({ status: "auth_required" });
});

test("files come only from servers of the settings", async () => {
  const { models } = await start({ download_origins: [] });
  const { commit } = await models.repository("acme/chat-GGUF", undefined, never);
  const range = { repository: "acme/chat-GGUF", commit, path: "chat-Q8_0.gguf", from: 0, until: 10 };
  await expect(models.open(range, never)).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("download_origins"),
  });
});
