import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelPlatform, ModelSettings, RunningIntegration } from "@llm-platform/kit";
import { createFakeHost, createTestCall, type FakeHost, readReplyBody } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { localIntegration } from "./integration.ts";
import { encodeLoraAdapter } from "./lora-adapter.test-data.ts";
import type { LocalSettings } from "./settings.ts";

const demo = fileURLToPath(new URL("../../../../models/demo/demo-chat.gguf", import.meta.url));
const output = { tensor: "blk.4.ffn_down.weight", columns: 416, rows: 160 };

let folder: string;
let host: FakeHost<LocalSettings>;
let running: RunningIntegration;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llmp-adapters-"));
  await copyFile(demo, join(folder, "demo.gguf"));
  const adapters = {
    "change.gguf": { architecture: "llama", ...output, change: 5 },
    "other.gguf": { architecture: "qwen2", ...output, change: 5 },
    "narrow.gguf": { architecture: "llama", ...output, columns: 64, change: 5 },
  };
  for (const [name, options] of Object.entries(adapters))
    await writeFile(join(folder, name), encodeLoraAdapter(options));
  host = await createFakeHost({
    definition: localIntegration,
    settings: { model_directories: [folder], context_tokens: 256, threads: 1, keep_alive_seconds: -1 },
  });
  running = await host.start();
}, 120_000);

afterAll(async () => {
  await running.stop(new AbortController().signal);
  await host.cleanup();
  await rm(folder, { recursive: true });
});

function models(): ModelPlatform & { readonly settings: ModelSettings } {
  const { settings, ...rest } = running.models ?? {};
  if (running.models === undefined || settings === undefined) throw new Error("it has no models");
  return { ...running.models, ...rest, settings };
}

async function ask() {
  const request = {
    messages: [{ role: "user", content: "What is the opposite of hot?" }],
    temperature: 0,
    max_tokens: 12,
  };
  const reply = await models().send(createTestCall({ model: "demo", request }));
  return JSON.parse(new TextDecoder().decode(await readReplyBody(reply.body)));
}

async function said(): Promise<string> {
  return (await ask()).choices[0].message.content;
}

it("changes what a model says while it is set, by its scale", async () => {
  const plain = await said();
  await models().settings.set("demo", { adapters: [{ path: "change" }] });
  const changed = await said();
  expect(changed).not.toBe(plain);
  expect(await said()).toBe(changed);
  await models().settings.set("demo", { adapters: [{ path: join(folder, "change.gguf"), scale: 0 }] });
  expect(await said()).toBe(plain);
  await models().settings.reset("demo", ["adapters"]);
  expect(await said()).toBe(plain);
}, 120_000);

it.each([
  ["for a model of another architecture", [{ path: "other" }], /'qwen2'.*'llama'/],
  ["twice", [{ path: "change" }, { path: "change", scale: 2 }], /twice/],
])("is refused %s, and nothing is changed", async (_what, adapters, message) => {
  await expect(models().settings.set("demo", { adapters })).rejects.toMatchObject({
    code: "invalid_request",
    field: "settings.adapters",
    message: expect.stringMatching(message),
  });
  expect((await models().settings.get("demo")).settings).toEqual({});
});

it("tells that a model cannot be loaded with one of other shapes, until it is taken back", async () => {
  const plain = await said();
  await models().settings.set("demo", { adapters: [{ path: "narrow" }] });
  await expect(ask()).rejects.toMatchObject({ code: "unavailable" });
  await models().settings.reset("demo", ["adapters"]);
  expect(await said()).toBe(plain);
}, 120_000);

it("is no model that can be asked", async () => {
  expect((await models().list(new AbortController().signal)).map(({ id }) => id)).toEqual(["demo"]);
});
