import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createRecordedLog } from "@llm-platform/kit/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEngine } from "./engine-process.ts";

const demoModel = fileURLToPath(new URL("../../../../models/demo/demo-chat.gguf", import.meta.url));
const moduleUrl = new URL("./engine-process.ts", import.meta.url).href;

/** A server in small: starts an engine, prints its process id when it is ready, and lives on. */
const parentScript = `
  import { startEngine } from ${JSON.stringify(moduleUrl)};
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const engine = startEngine(JSON.parse(process.argv[1]), { log, onGenerated() {} });
  await engine.ready;
  console.log(engine.processId);
  setInterval(() => {}, 1000);
`;

describe("startEngine", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "llmp-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const optionsFor = (modelPath: string) => ({
    modelId: "demo",
    modelPath,
    socketPath: join(folder, "e.sock"),
    contextTokens: 256,
    parallel: 1,
    threads: 1,
    gpu: "off" as const,
    overrides: {},
    adapters: [],
    defaults: { sampling: {}, messages: [] },
    isGenerative: true,
    queueLength: 4,
  });

  it("leaves no engine behind when its parent is killed", async () => {
    const parent = spawn(
      process.execPath,
      ["--input-type=module", "-e", parentScript, JSON.stringify(optionsFor(demoModel))],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = await once(createInterface({ input: parent.stdout }), "line");
    const engineId = Number(line);
    expect(isAlive(engineId)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(engineId), { timeout: 5000 }).toBe(false);
  }, 30_000);

  it("says in the log why a model cannot be loaded, and keeps it from the caller", async () => {
    const { log, records } = createRecordedLog();
    const engine = startEngine(optionsFor("/nowhere/none.gguf"), { log, onGenerated: () => undefined });
    await expect(engine.ready).rejects.toMatchObject({
      code: "unavailable",
      message: expect.not.stringContaining("nowhere"),
    });
    expect(records).toContainEqual(expect.objectContaining({ level: "error", event: "engine.load_failed" }));
    await engine.stop();
    expect(await engine.ping(new AbortController().signal)).toBe(false);
  }, 30_000);
});

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    // The system has no such process any more.
    return false;
  }
}
