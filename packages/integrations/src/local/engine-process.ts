import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Log, PlatformError } from "@llm-platform/kit";
import { type EngineMessage, engineMessageSchema, type ParentMessage } from "./engine/engine-messages.ts";
import type { EngineOptions } from "./engine/engine-options.ts";
import { type GpuUse, judgeGpuUse } from "./gpu-use.ts";
import { LastWords } from "./last-words.ts";

const killAfterMs = 5_000;
const maxLineCharacters = 4_096;
/** An engine that is well this long after its load is not ended by a GPU that cannot run it. */
const provingMs = 30_000;
/** For what a process said last, once it has ended; what it started may hold its output open. */
const lastWordsMs = 500;
/** Those that a process ends itself by. */
const crashSignals: ReadonlySet<string> = new Set(["SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE"]);

/** What an engine found when it had loaded its model. */
export interface EngineFacts {
  readonly contextTokens: number;
  readonly memoryBytes: number;
  readonly loadMs: number;
  /** Absent where the model has no layer on a GPU. */
  readonly gpu?: GpuUse | undefined;
}

/** How the process of an engine ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the GPU cannot run the model, as far as the library said; undefined when that is not what ended the process. */
  readonly gpuFault?: string | undefined;
}

/** One running engine: a process that serves one model on one socket. */
export interface Engine {
  readonly socketPath: string;
  readonly processId: number | undefined;
  /** Resolves when the model is loaded. Rejects with PlatformError `unavailable` when it cannot be, or the process ends before. */
  readonly ready: Promise<EngineFacts>;
  /** Resolves when the process is gone, for whatever reason, and what it said is heard. */
  readonly exited: Promise<EngineExit>;
  /** Whether the process answers within the signal's time. */
  ping(signal: AbortSignal): Promise<boolean>;
  /** SIGTERM, and SIGKILL after 5 s or when `force` aborts. Resolves when the process is gone. */
  stop(force?: AbortSignal): Promise<void>;
}

/** What the parent is told while an engine runs. */
export interface EngineListener {
  readonly log: Log;
  onGenerated(tokens: number): void;
}

/** Memory in use of this machine's GPUs as their driver says; undefined where none does. Never rejects. */
export type ReadGpuBytes = () => Promise<number | undefined>;

/** Starts the process of an engine and tells it to load; where it is to use a GPU, once the driver has been asked. */
export function startEngine(
  options: EngineOptions,
  listener: EngineListener,
  readGpuBytes: ReadGpuBytes = async () => undefined,
): Engine {
  const child = fork(engineEntry(), [], {
    // The server's own flags (a debugger's port, the size of its heap) are not meant for engines.
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "json",
  });
  const ready = Promise.withResolvers<EngineFacts>();
  const exited = Promise.withResolvers<EngineExit>();
  const pings = new Map<number, () => void>();
  const watch = createGpuWatch();
  // Whoever waits for `ready` hears of its failure; the process is watched by `exited` too.
  ready.promise.catch(() => undefined);

  const bytesBefore = options.gpu === "auto" ? readGpuBytes() : Promise.resolve(undefined);

  async function settle(message: Extract<EngineMessage, { type: "ready" }>): Promise<void> {
    const { gpu, ...facts } = message;
    const driverBytes = async () => ({ before: await bytesBefore, after: await readGpuBytes() });
    const use = gpu === undefined ? undefined : judgeGpuUse(gpu, await driverBytes());
    ready.resolve({ ...facts, gpu: use });
  }

  const hear = (message: EngineMessage): void => {
    switch (message.type) {
      case "opened":
        watch.onOpened(message.usesGpu);
        return;
      case "ready":
        watch.onReady();
        void settle(message);
        return;
      case "failed":
        listener.log.error("engine.load_failed", { model: options.modelId, reason: message.message });
        ready.reject(loadFailure(options.modelId));
        return;
      case "pong":
        pings.get(message.id)?.();
        return;
      case "generated":
        listener.onGenerated(message.tokens);
        return;
      case "log":
        if (message.level === "error") watch.hear(String(message.fields["message"] ?? ""));
        listener.log[message.level](message.event, { model: options.modelId, ...message.fields });
        return;
      default:
        return message satisfies never;
    }
  };
  child.on("message", (value) => {
    const message = engineMessageSchema.safeParse(value);
    if (message.success) hear(message.data);
  });
  child.once("error", (error) => {
    ready.reject(loadFailure(options.modelId, error));
    if (child.pid === undefined) exited.resolve({ code: null, signal: null });
  });
  child.once("exit", (code, signal) => {
    const end = (): void => {
      clearTimeout(late);
      ready.reject(loadFailure(options.modelId));
      exited.resolve({ code, signal, gpuFault: watch.faultOf(signal) });
    };
    const late = setTimeout(end, lastWordsMs);
    child.once("close", end);
  });
  for (const output of [child.stdout, child.stderr])
    if (output !== null)
      onLine(output, (line) => {
        watch.hear(line);
        listener.log.warn("engine.output", { model: options.modelId, line });
      });
  void bytesBefore.then(() => say(child, { type: "start", options }));
  return {
    socketPath: options.socketPath,
    processId: child.pid,
    ready: ready.promise,
    exited: exited.promise,
    ping: createPing(child, pings),
    stop: async (force) => {
      const kill = (): void => void child.kill("SIGKILL");
      child.kill(force?.aborted === true ? "SIGKILL" : "SIGTERM");
      const timer = setTimeout(kill, killAfterMs);
      force?.addEventListener("abort", kill, { once: true });
      await exited.promise;
      clearTimeout(timer);
      force?.removeEventListener("abort", kill);
    },
  };
}

/** The entry stands next to this file with the same ending: `.ts` in development, `.js` when built. */
function engineEntry(): string {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return fileURLToPath(new URL(`./engine/main${ending}`, import.meta.url));
}

function say(child: ChildProcess, message: ParentMessage): void {
  if (!child.connected) return;
  child.send(message, () => {
    // A message to a process that just ended is lost; its end is told by the exit event.
  });
}

function createPing(
  child: ChildProcess,
  pings: Map<number, () => void>,
): (signal: AbortSignal) => Promise<boolean> {
  let nextId = 0;
  return async (signal) => {
    if (signal.aborted || !child.connected) return false;
    nextId += 1;
    const id = nextId;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onAbort = (): void => resolve(false);
    pings.set(id, () => resolve(true));
    child.once("exit", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
    say(child, { type: "ping", id });
    try {
      return await promise;
    } finally {
      pings.delete(id);
      child.off("exit", onAbort);
      signal.removeEventListener("abort", onAbort);
    }
  };
}

interface GpuWatch {
  onOpened(usesGpu: boolean): void;
  onReady(): void;
  hear(line: string): void;
  faultOf(signal: string | null): string | undefined;
}

/** Tells engines that the GPU ended, by when and how they end, from the others. */
function createGpuWatch(): GpuWatch {
  const words = new LastWords();
  let usesGpu = false;
  let readyAtMs: number | undefined;
  return {
    onOpened: (uses) => {
      usesGpu = uses;
    },
    onReady: () => {
      readyAtMs = performance.now();
    },
    hear: (line) => words.hear(line),
    faultOf(signal) {
      const isProven = readyAtMs !== undefined && performance.now() - readyAtMs > provingMs;
      if (!usesGpu || isProven || signal === null || !crashSignals.has(signal)) return undefined;
      return words.sentence(`the engine ended with ${signal}`);
    },
  };
}

function onLine(output: Readable, take: (line: string) => void): void {
  createInterface({ input: output }).on("line", (line) => {
    if (line.trim() !== "") take(line.slice(0, maxLineCharacters));
  });
}

function loadFailure(model: string, cause?: unknown): PlatformError {
  return new PlatformError("unavailable", `The model '${model}' could not be loaded. The log says why.`, {
    cause,
  });
}
