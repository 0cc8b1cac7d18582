import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { keptReleases, layDownRelease } from "./release-data.ts";

const script = fileURLToPath(new URL("../../deploy/image/build-tree.sh", import.meta.url));
const key = "a key of the image's test";

/** Only root may make a name space of mounts, and become somebody else. */
const isPossible = process.platform === "linux" && process.getuid?.() === 0;

test.skipIf(!isPossible)(
  "the files of the image take over a release's data, serve as user 10001 who may write nothing else, and end streams in order",
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "image-tree-"));
    const upstream = await createFakeUpstream({ dialect: "openai", chunks: 40, tokenDelayMs: 50 });
    const releaseKey = layDownRelease(keptReleases.at(-1) ?? "", join(folder, "data"));
    for (const path of readdirSync(join(folder, "data"), { recursive: true, encoding: "utf8" }))
      chownSync(join(folder, "data", path), 10_001, 10_001);
    mkdirSync(join(folder, "etc/llm-platform"), { recursive: true });
    writeFileSync(
      join(folder, "etc/llm-platform/llm-platform.yaml"),
      JSON.stringify({ integrations: [openAiIntegration("fake", upstream.origin)] }),
    );
    const server = spawn(script, [folder], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        LLM_PLATFORM_SERVER__PORT: "0",
        LLM_PLATFORM_LOG__FORMAT: "json",
        LLM_PLATFORM_AUTH__API_KEYS__0__NAME: "test",
        LLM_PLATFORM_AUTH__API_KEYS__0__KEY: key,
      },
    });
    const exit = once(server, "exit");
    onTestFinished(async () => {
      server.kill("SIGKILL");
      await exit;
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const url = await startedUrl(server);

    const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const mounts = readFileSync(`/proc/${server.pid}/mounts`, "utf8");
    expect(mounts).toMatch(new RegExp(`^\\S+ ${folder}/opt \\S+ ro,`, "m"));
    expect(mounts).toMatch(new RegExp(`^\\S+ ${folder}/data \\S+ rw,`, "m"));
    expect(mounts).toMatch(/^\S+ \/ \S+ ro,/m);

    const chat = (model: string, by: string, stream: boolean) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${by}`, "content-type": "application/json" },
        body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hello" }] }),
      });
    const models = async () =>
      (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).text();
    await expect.poll(models, { timeout: 10_000 }).toContain("tiny-chat");
    expect((await chat("fake/tiny-chat", releaseKey, false)).status).toBe(200);
    const answer = await chat("demo-chat", key, false);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect((await fetch(`${url}/livez`)).status).toBe(200);

    const streams = await Promise.all(Array.from({ length: 20 }, () => chat("fake/tiny-chat", key, true)));
    server.kill("SIGTERM");
    for (const stream of streams)
      expect(await stream.text()).toMatch(/"finish_reason":"stop"[^]*data: \[DONE\]\s*$/);
    expect(await exit).toEqual([0, null]);
    expect(statSync(join(folder, "data/platform.db")).uid).toBe(10_001);
    for (const left of ["node_modules/typescript", "node_modules/vitest", "packages/server/src", "test"])
      expect(existsSync(join(folder, "opt/llm-platform", left))).toBe(false);
  },
);

/** The address on this machine once it takes calls; rejects with what was written when it ends before. */
function startedUrl(server: ReturnType<typeof spawn>): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const port = /"url":"http:\/\/0\.0\.0\.0:(\d+)".*"platform\.started"/.exec(line)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
    }
    server.once("close", () => reject(new Error(`it ended:\n${lines.join("\n")}`)));
  });
}
