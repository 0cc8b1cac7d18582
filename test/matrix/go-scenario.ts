import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { findService } from "../../tools/services.ts";
import type { Platform } from "../e2e/start-platform.ts";
import { grpcPort } from "../grpc/grpc-client.ts";
import type { ScenarioClient } from "./scenario-client.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const source = fileURLToPath(new URL("../grpc/go-client", import.meta.url));
const go = findService("go");
const plugins = [findService("protoc-gen-go"), findService("protoc-gen-go-grpc")];

/** Whether a client can be made of the contract in Go here. */
export const hasGo = go !== undefined && !plugins.includes(undefined);

/** Makes the client as anybody would: code from `contracts/platform.proto`, and one program on it. */
export async function buildGoClient(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-go-"));
  await cp(source, folder, { recursive: true });
  const template = { version: "v2", plugins: plugins.map((local) => ({ local, out: folder })) };
  const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
  const generate = ["generate", "contracts", "--path", "contracts/platform.proto", "--template"];
  await run(buf, [...generate, JSON.stringify(template)], { cwd: root });
  const path = join(folder, "client");
  await run(go ?? "", ["build", "-o", path, "."], { cwd: folder });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

const text = z.string();
const told = z.object({
  content: z.string().optional(),
  finish: z.string().optional(),
  output_tokens: z.number().optional(),
});

/** Every step by a program in Go. */
export async function createGoScenario(
  client: string,
  { platform, key }: { readonly platform: Platform; readonly key: string },
): Promise<ScenarioClient> {
  const env = {
    ...process.env,
    GRPC_ADDRESS: `127.0.0.1:${await grpcPort(platform)}`,
    LLM_PLATFORM_KEY: key,
  };
  async function lines(...command: string[]): Promise<readonly unknown[]> {
    const { stdout } = await run(client, command, { env });
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }
  return {
    models: async () => (await lines("models")).map((line) => text.parse(line)),
    async pull(model) {
      const phases = (await lines("pull", model)).map((line) => text.parse(line));
      return phases.filter((phase, at) => phase !== phases[at - 1]);
    },
    async chat(model, question) {
      const events = (await lines("chat", model, question)).map((line) => told.parse(line));
      const contents = events.flatMap(({ content }) => content ?? []);
      return {
        content: contents.join(""),
        deltas: contents.length,
        finish: events.find(({ finish }) => finish !== undefined)?.finish,
        outputTokens: events.find(({ output_tokens }) => output_tokens !== undefined)?.output_tokens,
      };
    },
    async giveUp(model, question) {
      await lines("give-up", model, question);
    },
    usage: async (model) => (await lines("usage", model)).map((line) => text.parse(line)),
    async restart(name) {
      await lines("restart", name);
    },
    async watch(integration) {
      const child = spawn(client, ["watch", integration], { env, stdio: ["pipe", "pipe", "inherit"] });
      const states: string[] = [];
      const reader = createInterface({ input: child.stdout });
      const begun = once(reader, "line");
      reader.on("line", (line) => states.push(text.parse(JSON.parse(line))));
      await begun;
      return {
        states,
        async stop() {
          const closed = once(child, "close");
          child.stdin.end();
          await closed;
        },
      };
    },
    close: () => Promise.resolve(),
  };
}
