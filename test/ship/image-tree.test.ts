import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../deploy/image/build-tree.sh", import.meta.url));
const key = "a key of the image's test";

/** Only root may make a name space of mounts, and become somebody else. */
const isPossible = process.platform === "linux" && process.getuid?.() === 0;

test.skipIf(!isPossible)(
  "the files of the image serve a chat as user 10001 who may write nothing else, and end in order",
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "image-tree-"));
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

    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "demo-chat", messages: [{ role: "user", content: "Hello" }] }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect((await fetch(`${url}/livez`)).status).toBe(200);

    server.kill("SIGTERM");
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
