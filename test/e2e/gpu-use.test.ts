import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runLlmp } from "./cli-process.ts";
import { type Answer, ask } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const apiKey = "a-key-of-the-team-0123456789";
const demoFolder = fileURLToPath(new URL("../../models/demo/", import.meta.url));
const claimingGpu = new URL(
  "../../packages/integrations/src/local/claiming-gpu.test-data.ts",
  import.meta.url,
).href;
const loadLimitMs = 120_000;
let folder: string;
let gpuFile: string;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-gpu-use-"));
  gpuFile = join(folder, "used-mib");
  await writeFile(gpuFile, "1024");
  const driver = `#!/bin/sh\necho "0, GPU-3a1, NVIDIA H100, 81559, $(cat ${gpuFile}), 37, 31, 69.52"\n`;
  await writeFile(join(folder, "nvidia-smi"), driver, { mode: 0o755 });
  const settings = { model_directories: [demoFolder], context_tokens: 256, threads: 1, gpu: "auto" };
  platform = await startPlatform({
    env: {
      PATH: `${folder}${delimiter}${process.env["PATH"]}`,
      FAKE_GPU_FILE: gpuFile,
      NODE_OPTIONS: `--import ${claimingGpu}`,
    },
    config: {
      auth: { api_keys: [{ name: "team", key: apiKey, role: "admin" }] },
      integrations: [{ name: "local", use: "local", settings }],
    },
  });
}, loadLimitMs);

afterAll(async () => {
  await platform?.stop();
  await rm(folder, { recursive: true, force: true });
});

function api(method: string, path: string, body?: object): Promise<Answer> {
  return ask(platform, path, { method, body, headers: { authorization: `Bearer ${apiKey}` } });
}

async function gauge(): Promise<string | undefined> {
  const { text } = await api("GET", "/metrics");
  return /^llm_integration_local_gpu_memory_bytes\{.*\} (\d+)$/m.exec(text)?.[1];
}

test(
  "a model on the GPU is told with the memory that the driver saw it take",
  async () => {
    expect((await api("POST", "/api/v1/models/load", { model: "demo-chat" })).status).toBe(200);
    const used = { gpu: "used", gpu_layers: 19, gpu_memory_bytes: 600 * 2 ** 20, notice: null };
    expect((await api("GET", "/api/v1/models/loaded")).json).toMatchObject({ models: [used] });
    expect(await gauge()).toBe(String(600 * 2 ** 20));
    expect((await api("POST", "/api/v1/models/unload", { model: "demo-chat" })).status).toBe(200);
    expect(await gauge()).toBe("0");
  },
  loadLimitMs,
);

test(
  "layers that the engine claims and the driver does not see are told as such, and no plan in their place",
  async () => {
    await writeFile(`${gpuFile}.idle`, "");
    expect((await api("POST", "/api/v1/models/load", { model: "demo-chat" })).status).toBe(200);
    const claimed = {
      gpu: "claimed_not_seen",
      gpu_layers: 19,
      gpu_memory_bytes: 0,
      notice: expect.stringContaining("sees no memory taken"),
    };
    expect((await api("GET", "/api/v1/models/loaded")).json).toMatchObject({ models: [claimed] });
    expect(await gauge()).toBe("0");
    const { stdout, stderr } = await runLlmp(["ps"], {
      env: { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: apiKey },
    });
    expect(stdout).toContain("claimed, not seen");
    expect(stderr).toContain("demo-chat: The engine says that 19 layers are on the GPU");
  },
  loadLimitMs,
);
