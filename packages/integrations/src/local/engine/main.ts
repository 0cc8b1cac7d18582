import { rm } from "node:fs/promises";
import { type EngineMessage, parentMessageSchema } from "./engine-messages.ts";
import type { EngineOptions } from "./engine-options.ts";
import { createEngineServer } from "./engine-server.ts";
import { readEngineGpu } from "./engine-gpu.ts";
import { type EngineReport, loadEngine } from "./loaded-engine.ts";
import { warmUp } from "./warm-up.ts";

// Entry of the engine's process: one model, served on one socket, until the parent says stop or is gone.

function tell(message: EngineMessage, told?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, told);
}

const report: EngineReport = {
  log: (level, event, fields) => tell({ type: "log", level, event, fields: { ...fields } }),
  opened: async (usesGpu) => await new Promise((resolve) => tell({ type: "opened", usesGpu }, resolve)),
  generated: (tokens) => tell({ type: "generated", tokens }),
};

async function start(options: EngineOptions): Promise<void> {
  const startedAtMs = performance.now();
  const engine = await loadEngine(options, report);
  await warmUp(engine);
  const server = createEngineServer(engine);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(options.socketPath, resolve);
  await listening;
  leave.socketPath = options.socketPath;
  const { contextTokens } = engine;
  tell({
    type: "ready",
    contextTokens,
    memoryBytes: process.memoryUsage.rss(),
    loadMs: performance.now() - startedAtMs,
    gpu: await readEngineGpu(engine),
  });
}

/** What is to be cleaned up on the way out. */
const leave: { socketPath: string | undefined } = { socketPath: undefined };

function exit(): void {
  // The operating system frees the model faster and more surely than the library does.
  const { socketPath } = leave;
  if (socketPath === undefined) process.exit(0);
  void rm(socketPath, { force: true }).finally(() => process.exit(0));
}

process.on("message", (value) => {
  const message = parentMessageSchema.parse(value);
  if (message.type === "ping") {
    tell({ type: "pong", id: message.id });
    return;
  }
  start(message.options).catch((error: unknown) => {
    tell({
      type: "failed",
      message: error instanceof Error ? error.message.slice(0, 1024) : "unknown reason",
    });
  });
});
// Without its parent nobody can reach or stop this process: it must not outlive it.
process.on("disconnect", exit);
process.on("SIGTERM", exit);
// A terminal sends its interrupt to every process; the parent decides when this one ends.
process.on("SIGINT", () => undefined);
