import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { type Answer, ask } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const apiKey = "a-key-of-the-team-0123456789";
const demoFolder = fileURLToPath(new URL("../../models/demo/", import.meta.url));
let folder: string;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-model-settings-"));
  const program = join(folder, "nvidia-smi");
  await writeFile(program, "#!/bin/sh\necho '0, GPU-3a1, NVIDIA H100, 81559, 1024, 37, 31, 69.52'\n", {
    mode: 0o755,
  });
  platform = await startPlatform({
    env: { PATH: `${folder}${delimiter}${process.env["PATH"]}` },
    config: {
      auth: { api_keys: [{ name: "team", key: apiKey, role: "admin" }] },
      integrations: [{ name: "local", use: "local", settings: { model_directories: [demoFolder] } }],
    },
  });
});

afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

function llmp(...args: readonly string[]): Promise<CliResult> {
  return runLlmp(args, { env: { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: apiKey } });
}

function api(method: string, path: string, body?: object): Promise<Answer> {
  return ask(platform, path, { method, body, headers: { authorization: `Bearer ${apiKey}` } });
}

function chat(model: string): Promise<Answer> {
  const messages = [{ role: "user", content: "Hello!" }];
  return api("POST", "/v1/chat/completions", { model, messages });
}

test("settings are set, shown, audited, hold at the next call, and are taken back", async () => {
  const set = await llmp(
    "set",
    "demo-chat",
    "max_tokens=3",
    "temperature=0",
    "system_prompt=You are a pirate.",
  );
  expect(set).toMatchObject({ exitCode: 0 });
  expect((await llmp("set", "demo-chat")).stdout).toMatch(/^system_prompt +You are a pirate\. +set$/m);
  expect((await chat("demo-chat")).json).toMatchObject({ usage: { completion_tokens: 3 } });
  expect((await llmp("show", "demo-chat")).stdout).toMatch(/^settings .*"temperature":0/m);
  const { json } = await api("GET", "/api/v1/audit");
  const record = {
    operation: "models.settings.set",
    target: { type: "model", id: "local/demo-chat", name: "demo-chat" },
    after: { max_tokens: 3, temperature: 0, system_prompt: "[not shown]" },
  };
  expect(json).toMatchObject({ records: expect.arrayContaining([expect.objectContaining(record)]) });
  expect(await llmp("set", "demo-chat", "--reset")).toMatchObject({ exitCode: 0 });
  expect((await chat("demo-chat")).json).not.toMatchObject({ usage: { completion_tokens: 3 } });
});

test("what models take of the disk and of GPUs is told", async () => {
  const { json } = await api("GET", "/api/v1/models/disk");
  expect(json).toMatchObject({
    models: expect.arrayContaining([{ id: "demo-chat", integration: "local", size_bytes: 1_868_928 }]),
    models_bytes: 0,
    store_bytes: expect.any(Number),
  });
  expect((await llmp("df")).stdout).toMatch(/^demo-chat +local +1\.9 MB$/m);
  expect((await llmp("ps")).stdout).toMatch(/^NVIDIA H100: 1\.1 GB of 85\.5 GB used$/m);
});

test("what cannot hold is refused with its field, and changes nothing", async () => {
  for (const [settings, pointer] of [
    [{ temperature: 9 }, "settings/temperature"],
    [{ nothing: 1 }, "settings/nothing"],
    [{ chat_template: "{% if %}" }, "settings/chat_template"],
  ] as const) {
    const refused = await api("PATCH", "/api/v1/models/settings", { model: "demo-chat", settings });
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ pointer: `/${pointer}` }] } });
  }
  const { stderr, exitCode } = await llmp("set", "demo-chat", "nothing=1");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nothing") });
  const shown = await api("GET", "/api/v1/models/settings?model=demo-chat");
  expect(shown.json).toMatchObject({ settings: {}, memory_estimate: expect.stringContaining("weights") });
});

test("a Modelfile makes a model that can be called, and is gone without a trace of its base", async () => {
  const path = join(folder, "Modelfile");
  await writeFile(
    path,
    'FROM demo-chat\nPARAMETER num_predict 2\nSYSTEM You are a pirate.\nTEMPLATE """{{ .System }}\n{{ .Prompt }}\n"""\n',
  );
  expect(await llmp("create", "pirate", "-f", path)).toMatchObject({ exitCode: 0 });
  expect((await chat("pirate")).json).toMatchObject({ model: "pirate", usage: { completion_tokens: 2 } });
  expect((await llmp("create", "pirate", "-f", path)).exitCode).toBe(1);
  expect((await api("DELETE", "/api/v1/models", { model: "pirate" })).status).toBe(200);
  expect((await chat("pirate")).status).toBe(404);
  expect((await chat("demo-chat")).status).toBe(200);
});

test("Ollama's create makes one with settings of its own", async () => {
  const made = await api("POST", "/api/create", {
    model: "brief",
    from: "demo-chat",
    parameters: { num_predict: 2, num_ctx: 256 },
    system: "Be brief.",
    stream: false,
  });
  expect(made).toMatchObject({ status: 200, json: { status: "success" } });
  const { json } = await api("GET", "/api/v1/models/settings?model=brief");
  expect(json).toMatchObject({
    settings: { context_tokens: 256, max_tokens: 2, system_prompt: "Be brief." },
  });
  const refused = await api("POST", "/api/create", { model: "x", from: "demo-chat", quantize: "q4_0" });
  expect(refused).toMatchObject({ status: 400 });
  await api("DELETE", "/api/v1/models", { model: "brief" });
});
