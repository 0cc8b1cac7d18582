import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const apiKey = "a-key-of-the-team-0123456789";
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

  test("a model of the platform has a verdict", async () => {
    const { stdout } = await llmp("models", "show", "demo-chat");
    expect(stdout).toMatch(/^verdict +weights_only$/m);
  });
});
