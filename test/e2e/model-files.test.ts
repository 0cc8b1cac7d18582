import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeModelFolder } from "../../packages/integrations/src/local/convert/model-folder.test-data.ts";
import {
  encodeGgml,
  tinyGgml,
} from "../../packages/integrations/src/local/formats/ggml/ggml-sample.test-data.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const apiKey = "a-key-of-the-team-0123456789";
const demoModel = fileURLToPath(new URL("../../models/demo/demo-embed.gguf", import.meta.url));
let folder: string;
let incoming: string;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-model-files-"));
  incoming = join(folder, "incoming");
  await mkdir(incoming);
  platform = await startPlatform({
    config: {
      auth: { api_keys: [{ name: "team", key: apiKey, role: "admin" }] },
      integrations: [{ name: "local", use: "local", settings: { import_directories: [incoming] } }],
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

async function inspect(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${platform.url}/api/v1/models/inspect?path=${encodeURIComponent(path)}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return { status: response.status, text: await response.text() };
}

describe("model files on the server's machine", () => {
  test("a malicious pickle is refused by what it wants, and leaves no trace", async () => {
    const canary = join(folder, "canary");
    const path = join(incoming, "weights.bin");
    await writeFile(path, `cposix\nsystem\n(S'touch ${canary}'\ntR.`, "latin1");
    const { exitCode, stdout } = await llmp("inspect", path);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("refused");
    expect(stdout).toContain(`posix.system("touch ${canary}")`.slice(0, 40));
    expect(existsSync(canary)).toBe(false);
  });

  test("an old file of llama.cpp is converted by itself", async () => {
    const path = join(incoming, "old.bin");
    await writeFile(path, encodeGgml(tinyGgml("GGJT", 3)));
    expect((await llmp("inspect", path)).stdout).toContain("old format GGJT");
    const { exitCode, stdout } = await llmp("convert", path, "--name", "old");
    expect(`${exitCode} ${stdout}`).toMatch(/^0 /);
    expect(await readdir(join(platform.dataDirectory, "models"))).toContain("old.gguf");
  });

  test("the files of a folder are listed with what each is", async () => {
    await mkdir(join(incoming, "hostile"));
    await writeFile(join(incoming, "hostile", "a\u001b[31m<b>.gguf"), "#!/bin/sh");
    const { stdout } = await llmp("inspect", join(incoming, "hostile"));
    expect(stdout).toMatch(/script +refused/);
    expect(stdout).not.toContain("\u001b");
  });

  test("paths outside of the allowed folders get one answer, whether they exist or not", async () => {
    await symlink("/etc", join(incoming, "link"));
    const paths = [
      "/etc/passwd",
      "/etc/no-such-file",
      "relative",
      `${incoming}/../canary`,
      `${incoming}/link/passwd`,
      `${incoming}-other`,
      `${incoming}/%2e%2e/x`,
      "C:\\x",
      `${incoming}/no-such-file`,
    ];
    const answers = await Promise.all(paths.map(inspect));
    const bodies = new Set(answers.map(({ text }) => text.replace(/"request_id":"[^"]*"/, "")));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 400));
    expect(bodies.size).toBe(1);
    expect((await inspect(`${incoming}/${"x".repeat(5_000)}`)).status).toBe(400);
    expect((await inspect(`${incoming}/a\0b`)).status).toBe(400);
  });

  test("a folder with safetensors is converted, offered and answers", async () => {
    writeModelFolder(join(incoming, "tiny-qwen"), "qwen3", { dtype: "BF16", shards: 2 });
    const { exitCode, stdout, stderr } = await llmp(
      "convert",
      join(incoming, "tiny-qwen"),
      "--name",
      "converted",
      "--numbers",
      "q8_0",
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/^converted can be called \(.* kB, weights_only\)$/m);
    const response = await fetch(`${platform.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "converted", prompt: "The fox", max_tokens: 4 }),
    });
    expect(await response.json()).toMatchObject({
      object: "text_completion",
      usage: { completion_tokens: 4 },
    });
    const names = await readdir(join(platform.dataDirectory, "models"));
    expect(names.filter((name) => name.includes("converted"))).toEqual(["converted.gguf"]);
  });

  test("a model that is there is not written over", async () => {
    writeModelFolder(join(incoming, "again"), "qwen2");
    expect((await llmp("convert", join(incoming, "again"), "--name", "twice")).exitCode).toBe(0);
    const { exitCode, stderr } = await llmp("convert", join(incoming, "again"), "--name", "twice");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("There is a model 'twice' already"),
    });
  });

  test.each(["../escaped", "a/b", ".hidden", "a\u001b[31m"])("a model is not called %j", async (name) => {
    const { exitCode, stderr } = await llmp("convert", join(incoming, "again"), "--name", name);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("begins with a letter"),
    });
  });

  test("what cannot be converted is said by its architecture, and nothing is left of it", async () => {
    const path = join(incoming, "strange");
    writeModelFolder(path, "qwen2");
    await writeFile(join(path, "config.json"), JSON.stringify({ architectures: ["StrangeForCausalLM"] }));
    const { exitCode, stderr } = await llmp("convert", path);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining("StrangeForCausalLM"),
    });
    const names = await readdir(join(platform.dataDirectory, "models"));
    expect(names.filter((name) => name.includes("strange"))).toEqual([]);
  });

  test("a folder with a malicious pickle is not converted, and the pickle is not run", async () => {
    const path = join(incoming, "poisoned");
    const canary = join(folder, "canary-of-conversion");
    writeModelFolder(path, "qwen2");
    await rm(join(path, "model.safetensors"));
    await writeFile(
      join(path, "pytorch_model.bin"),
      `\u0080\u0002cposix\nsystem\n(S'touch ${canary}'\ntR.`,
      "latin1",
    );
    const { exitCode, stderr } = await llmp("convert", path);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("posix.system") });
    expect(existsSync(canary)).toBe(false);
  });

  test("a GGUF file is imported by a copy, and the change is on record", async () => {
    await copyFile(demoModel, join(incoming, "brought.gguf"));
    const { exitCode, stdout } = await llmp("import", join(incoming, "brought.gguf"), "-o", "json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      model: "brought",
      integration: "local",
      verdict: "weights_only",
    });
    const copied = await readFile(join(platform.dataDirectory, "models", "brought.gguf"));
    expect(copied.equals(await readFile(demoModel))).toBe(true);
    const { stdout: log } = await llmp("audit", "list", "--operation", "models.import", "-o", "json");
    expect(log).toContain("brought");
  });

  test("a model of the platform has a verdict", async () => {
    const { stdout } = await llmp("show", "demo-chat");
    expect(stdout).toMatch(/^verdict +weights_only$/m);
  });
});
