import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { givenContents, seededContents } from "../fakes/hub/hub-contents.ts";
import { runLlmp } from "./cli-process.ts";
import { ask, chat, contentOf, member } from "./http.ts";
import {
  bytesSentTwice,
  changePull,
  followPull,
  pullingConfig,
  pullToRest,
  startPull,
  whenFetched,
} from "./pull-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const demoModel = readFileSync(fileURLToPath(new URL("../../models/demo/demo-chat.gguf", import.meta.url)));
const mebibyte = 1024 * 1024;
const small = seededContents(3 * mebibyte + 17, "small");
const large = seededContents(24 * mebibyte + 5, "large");

let hub: FakeHub;
let platform: Platform;

beforeAll(async () => {
  hub = await createFakeHub([
    {
      id: "acme/tiny-GGUF",
      files: {
        "tiny-Q4_K_M.gguf": small,
        "tiny-Q8_0.gguf": large,
        "README.md": givenContents(Buffer.from("# tiny")),
        "config.json": givenContents(Buffer.from("{}")),
      },
      library: "gguf",
      license: "apache-2.0",
      task: "text-generation",
      downloads: 70,
    },
    {
      id: "acme/demo-GGUF",
      files: { "pulled-demo-F16.gguf": givenContents(demoModel) },
      library: "gguf",
      downloads: 9,
    },
    {
      id: "acme/risky",
      files: {
        "pytorch_model.bin": givenContents(Buffer.from("pickle")),
        "modeling_x.py": givenContents(Buffer.from("import os")),
        "model.llamafile": givenContents(Buffer.from("MZ")),
      },
      library: "transformers",
      downloads: 5,
    },
    {
      id: "acme/pointer-GGUF",
      files: {
        "pointer-Q4_0.gguf": givenContents(Buffer.from("version https://git-lfs.github.com/spec/v1\n")),
      },
      library: "gguf",
    },
    {
      id: "acme/split-GGUF",
      files: { "big-Q4_0-00001-of-00002.gguf": small, "big-Q4_0-00002-of-00002.gguf": large },
      library: "gguf",
    },
    { id: "acme/odd-GGUF", files: { "\u001b[31m<img src=x>\n-Q4_0.gguf": small }, library: "gguf" },
    { id: "acme/changing-GGUF", files: { "changing-Q4_0.gguf": large }, library: "gguf" },
  ]);
  platform = await startPlatform({ config: pullingConfig(hub) });
});
afterEach(() => hub.setBytesPerSecond(undefined));
afterAll(async () => {
  await platform.stop();
  await hub.stop();
});

const fromHub = (source: string, more: Readonly<Record<string, unknown>> = {}) => ({
  kind: "huggingface",
  source,
  ...more,
});
const modelPath = (name: string) => join(platform.dataDirectory, "models", name);
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
const pulledModels = async () =>
  JSON.stringify(member((await ask(platform, "/api/v1/models?integration=local")).json, "models"));

describe("a pull from the Hub", () => {
  test("is there to be chatted with at once, by its name, with where it came from on record", async () => {
    const done = await pullToRest(platform, fromHub("acme/demo-GGUF", { load: true }));
    expect(done).toMatchObject({
      phase: "done",
      error: null,
      models: ["local/pulled-demo-F16"],
      revision: expect.stringMatching(/^[0-9a-f]{40}$/),
      completed_bytes: demoModel.length,
      total_bytes: demoModel.length,
      files: [{ sha256: createHash("sha256").update(demoModel).digest("hex") }],
    });
    const answer = await chat(platform, "local/pulled-demo-F16", { max_tokens: 8 });
    expect(answer.status, answer.text).toBe(200);
    expect(contentOf(answer.text)).not.toBe("");
  });

  test("goes through its phases, and tells every byte", async () => {
    hub.setBytesPerSecond(4_000_000);
    const id = await startPull(platform, fromHub("acme/tiny-GGUF", { quantization: "q4_k_m" }));
    const states = await followPull(platform, id);
    const phases = [...new Set(states.map((state) => member(state, "phase")))];
    expect(phases.filter((phase) => phase !== "queued" && phase !== "resolving")).toEqual([
      "downloading",
      "verifying",
      "registering",
      "done",
    ]);
    const bytes = states.map((state) => Number(member(state, "completed_bytes")));
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(states.at(-1)).toMatchObject({ license: "apache-2.0", completed_bytes: small.sizeBytes });
    expect(sha256(modelPath("tiny-Q4_K_M.gguf"))).toBe(small.sha256);
  });

  test("never shows the token to another server than the endpoint", () => {
    const shown = hub.requests
      .filter(({ server }) => server === "files")
      .map(({ authorization }) => authorization);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.every((each) => each === undefined)).toBe(true);
  });

  test("of what is split brings all parts", async () => {
    const done = await pullToRest(platform, fromHub("acme/split-GGUF", { name: "both" }));
    expect(done).toMatchObject({ phase: "done", files: [{}, {}] });
    expect(sha256(modelPath("both-00001-of-00002.gguf"))).toBe(small.sha256);
    expect(sha256(modelPath("both-00002-of-00002.gguf"))).toBe(large.sha256);
  });

  test("of the same contents under another name fetches nothing", async () => {
    const before = hub.requests.length;
    const done = await pullToRest(
      platform,
      fromHub("acme/tiny-GGUF", { file: "tiny-Q4_K_M.gguf", name: "again" }),
    );
    expect(done).toMatchObject({ phase: "done", models: ["local/again"] });
    expect(hub.requests.slice(before).filter(({ server }) => server === "files")).toEqual([]);
    expect(statSync(modelPath("again.gguf")).ino).toBe(statSync(modelPath("tiny-Q4_K_M.gguf")).ino);
  });

  test("asked for twice at once is one pull (F14)", async () => {
    // Contents that are here already would be named before the second asks.
    hub.commit("acme/tiny-GGUF", "tiny-Q8_0.gguf", seededContents(12 * mebibyte, "twice"));
    hub.setBytesPerSecond(3_000_000);
    const body = fromHub("acme/tiny-GGUF", { file: "tiny-Q8_0.gguf", name: "twice" });
    const [first, second] = await Promise.all([startPull(platform, body), startPull(platform, body)]);
    expect(second).toBe(first);
    expect((await followPull(platform, first)).at(-1)).toMatchObject({ phase: "done" });
  });

  test("does not replace a model of the same name from elsewhere", async () => {
    const other = await pullToRest(
      platform,
      fromHub("acme/tiny-GGUF", { file: "tiny-Q8_0.gguf", name: "again" }),
    );
    expect(other).toMatchObject({ phase: "failed", error: { code: "conflict" } });
  });
});

describe("what a source does wrong", () => {
  const pull = (name: string) => pullToRest(platform, fromHub("acme/changing-GGUF", { name }));
  const fresh = (seed: string) => {
    const contents = seededContents(6 * mebibyte + 3, seed);
    hub.commit("acme/changing-GGUF", "changing-Q4_0.gguf", contents);
    return contents;
  };

  test("a connection that is cut is gone on with where it broke", async () => {
    const contents = fresh("cut");
    const cuts = [300_000, 100_000];
    hub.setBytesPerSecond(8_000_000);
    hub.fault(...cuts.map((afterBytes) => ({ kind: "cut", afterBytes }) as const));
    expect(await pull("cut")).toMatchObject({ phase: "done" });
    expect(sha256(modelPath("cut.gguf"))).toBe(contents.sha256);
    // What was on its way when the connection was reset is lost, and nothing else.
    expect(bytesSentTwice(hub, "changing-Q4_0.gguf")).toBeLessThanOrEqual(cuts[0] ?? 0);
  });

  test.each([429, 500, 503])("status %i is waited out", async (status) => {
    fresh(`status ${status}`);
    hub.fault({ kind: "status", status, retryAfterSeconds: 1 });
    expect(await pull(`status-${status}`)).toMatchObject({ phase: "done" });
  });

  test("contents that are not what was promised get no name, and no place", async () => {
    const contents = fresh("wrong");
    hub.fault({ kind: "wrong-byte" });
    expect(await pull("wrong")).toMatchObject({
      phase: "failed",
      error: { code: "upstream_malformed", message: expect.stringContaining("SHA-256") },
    });
    expect(existsSync(modelPath("wrong.gguf"))).toBe(false);
    expect(readdirSync(modelPath("blobs"))).not.toContain(`sha256-${contents.sha256}`);
  });

  test("a file that changes under its fetching is fetched anew, and the pull says so", async () => {
    fresh("changing before");
    hub.setBytesPerSecond(500_000);
    const id = await startPull(platform, fromHub("acme/changing-GGUF", { name: "changed" }));
    await whenFetched(platform, id, 500_000);
    const states = followPull(platform, id);
    hub.alter("acme/changing-GGUF", "changing-Q4_0.gguf", seededContents(6 * mebibyte + 3, "changing after"));
    hub.fault(...Array.from({ length: 4 }, () => ({ kind: "cut", afterBytes: 1 }) as const));
    hub.setBytesPerSecond(undefined);
    const all = await states;
    // Its digest was promised by the commit, and no other contents are taken for it.
    expect(all.at(-1)).toMatchObject({ phase: "failed" });
    expect(platform.log()).toContain("it is fetched anew");
  }, 60_000);

  test("a text in place of a model is no model, whatever it is called", async () => {
    expect(await pullToRest(platform, fromHub("acme/pointer-GGUF"))).toMatchObject({
      phase: "failed",
      error: { code: "upstream_malformed", message: expect.stringContaining("no model to run") },
    });
    expect(existsSync(modelPath("pointer-Q4_0.gguf"))).toBe(false);
  });
});

describe("a pull that is", () => {
  const slow = (name: string) => fromHub("acme/tiny-GGUF", { file: "tiny-Q8_0.gguf", name });

  beforeAll(() => hub.commit("acme/tiny-GGUF", "tiny-Q8_0.gguf", seededContents(12 * mebibyte, "slow")));

  test("paused rests, and goes on with what there is", async () => {
    hub.setBytesPerSecond(1_000_000);
    const id = await startPull(platform, slow("paused"));
    await whenFetched(platform, id, 4_000_000);
    expect(await changePull(platform, id, "pause")).toMatchObject({
      phase: "paused",
      bytes_per_second: null,
    });
    hub.setBytesPerSecond(undefined);
    await changePull(platform, id, "resume");
    expect((await followPull(platform, id)).at(-1)).toMatchObject({ phase: "done" });
  });

  test("cancelled leaves nothing", async () => {
    hub.commit("acme/tiny-GGUF", "tiny-Q8_0.gguf", seededContents(12 * mebibyte, "cancelled"));
    hub.setBytesPerSecond(1_000_000);
    const id = await startPull(platform, slow("cancelled"));
    await whenFetched(platform, id, 2_000_000);
    expect(await changePull(platform, id, "cancel")).toMatchObject({ phase: "cancelled" });
    expect(readdirSync(modelPath("partial"))).toEqual([]);
    expect(await pulledModels()).not.toContain("cancelled");
    const again = await ask(platform, `/api/v1/pulls/${id}/cancel`, { body: {} });
    expect(again.status, again.text).toBe(409);
    expect((await ask(platform, "/api/v1/audit?operation=pulls.cancel")).json).toMatchObject({
      records: expect.arrayContaining([
        expect.objectContaining({
          outcome: "failed",
          target: { type: "pull", id, name: "acme/tiny-GGUF" },
        }),
      ]),
    });
  });

  test("bounded keeps to its rate, which can be changed", async () => {
    hub.commit("acme/tiny-GGUF", "tiny-Q8_0.gguf", seededContents(4 * mebibyte, "bounded"));
    const limit = (bytes: number | null) =>
      ask(platform, "/api/v1/pulls/limit", { method: "PUT", body: { bytes_per_second: bytes } });
    expect((await limit(1_000_000)).json).toEqual({ bytes_per_second: 1_000_000 });
    const startedAtMs = performance.now();
    const id = await startPull(platform, slow("bounded"));
    await whenFetched(platform, id, 2_000_000);
    expect(performance.now() - startedAtMs).toBeGreaterThan(1_000);
    await limit(null);
    expect((await followPull(platform, id)).at(-1)).toMatchObject({ phase: "done" });
  });
});

describe("what the Hub has", () => {
  test("is searched, with what can be run here unless all is asked for", async () => {
    const search = async (query: string) => {
      const { json } = await ask(platform, `/local/huggingface/search?${query}`);
      return Array.from(Object(member(json, "models")), (model) => member(model, "id"));
    };
    expect(await search("query=tiny")).toEqual(["acme/tiny-GGUF"]);
    expect(await search("query=risky")).toEqual([]);
    expect(await search("query=risky&library=any")).toEqual(["acme/risky"]);
  });

  test("is told with what fits into the memory, and what runs code (F06, F08)", async () => {
    const info = async (query: string) => (await ask(platform, `/local/huggingface/info?${query}`)).json;
    const memory = 600 * mebibyte;
    expect(await info(`repository=acme/tiny-GGUF&memory_bytes=${memory}`)).toMatchObject({
      revision: expect.stringMatching(/^[0-9a-f]{40}$/),
      recommended: "Q8_0",
      quantizations: [
        { name: "Q4_K_M", fits: true },
        { name: "Q8_0", fits: true },
      ],
    });
    expect(await info("repository=acme/tiny-GGUF&memory_bytes=1000")).toMatchObject({ recommended: null });
    const risky = await info("repository=acme/risky");
    expect(risky).toMatchObject({
      warnings: [expect.stringContaining("run code"), expect.stringContaining("programs")],
    });
    expect(JSON.stringify(member(risky, "files"))).toContain('"risk":"runs_code"');
  });

  test("is pulled over its own path, too", async () => {
    const body = { repository: "acme/tiny-GGUF", file: "tiny-Q4_K_M.gguf", name: "by-path" };
    const answer = await ask(platform, "/local/huggingface/download", { body });
    expect(answer.json).toMatchObject({ kind: "huggingface", source: "acme/tiny-GGUF" });
    expect((await followPull(platform, String(member(answer.json, "id")))).at(-1)).toMatchObject({
      phase: "done",
    });
  });

  test("is searched and pulled by the command line", async () => {
    const llmp = (...args: string[]) => runLlmp(["--url", platform.url, ...args]);
    expect((await llmp("search", "tiny")).stdout).toMatch(/acme\/tiny-GGUF +70 /);
    const pulled = await llmp("pull", "hf.co/acme/tiny-GGUF:Q4_K_M", "--name", "by-llmp");
    expect(pulled).toMatchObject({ exitCode: 0, stdout: "local/by-llmp\n" });
    const refused = await llmp("pull", "hf.co/acme/odd-GGUF");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).not.toContain("\u001b");
  });
});

test("a model that was pulled can be deleted, one of another folder cannot", async () => {
  const remove = (model: string) => ask(platform, "/api/v1/models", { method: "DELETE", body: { model } });
  expect((await remove("local/by-path")).status).toBe(200);
  expect(existsSync(modelPath("by-path.gguf"))).toBe(false);
  expect(await pulledModels()).not.toContain("by-path");
  const bundled = await remove("local/demo-chat");
  expect(bundled.status, bundled.text).toBe(403);
});
