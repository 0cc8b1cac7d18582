import { Socket } from "node:net";
import { createLog } from "../telemetry/log.ts";
import { LogLevels } from "../telemetry/log-levels.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { startWorker, type Worker } from "./worker.ts";

/** The first process is gone, or this one could not begin. */
const exitFailed = 1;

const state: { worker?: Worker; starting?: Promise<Worker | undefined> } = {};

function send(message: FromWorker, sent: () => void = nothing): void {
  // Without a line there is nobody left to tell, and `disconnect` ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}

function exit(code: number): void {
  process.off("disconnect", exitAtOnce);
  process.exit(code);
}

function exitAtOnce(): void {
  process.exit(exitFailed);
}

function nothing(): void {
  // A signal to the whole group is the first process's to obey: it lets calls end before it lets workers go.
}

async function begin(start: Extract<ToWorker, { readonly type: "start" }>): Promise<Worker | undefined> {
  const { mostPerSecond, ...configured } = start.settings.log;
  const logLevels = new LogLevels(configured);
  logLevels.set(start.logLevels);
  const log = createLog(logLevels, { mostPerSecond }).child({ worker: start.number });
  try {
    const worker = await startWorker({ start, log, logLevels, send, exit });
    process.once("uncaughtException", (error) => {
      log.error("worker.failed", { error });
      process.on("uncaughtException", exitAtOnce);
      void worker.leave();
    });
    state.worker = worker;
    send({ type: "ready" });
    return worker;
  } catch (error) {
    log.error("worker.start_failed", { error });
    exit(exitFailed);
    return undefined;
  }
}

function receive(message: ToWorker, handle: unknown): void {
  const socket = handle instanceof Socket ? handle : undefined;
  if (message.type === "start") state.starting = begin(message);
  else if (state.worker !== undefined) state.worker.receive(message, socket);
  else void state.starting?.then((worker) => worker?.receive(message, socket));
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, nothing);
process.on("disconnect", exitAtOnce);
// The line carries nothing else.
process.on("message", (message, handle) => receive(message as ToWorker, handle));
