import { extname } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Log } from "@llm-platform/kit";
import type { ByteRun } from "../core/chunk-map.ts";
import { toDiskError } from "./disk-error.ts";
import type { HashAnswer, HashOrder } from "./hash-messages.ts";
import { clearWindow, createWindowMemory, hasPublished } from "./hash-window.ts";
import type { TransferThread } from "./transfer-thread.ts";

/** Hashes a file while it grows. */
export interface FileHasher {
  /** Tells that the bytes up to there will not change any more. */
  advance(until: number): void;
  /** Tells that bytes of a run come now. Were they there before, and so perhaps hashed, the file is hashed anew. */
  expect(run: ByteRun): void;
  /** Resolves with the SHA-256 in hexadecimal of the first `sizeBytes` bytes. Rejects with PlatformError when the file cannot be read. */
  finish(sizeBytes: number): Promise<string>;
  /** Forgets the file. Nothing may be stored at its path any more. */
  stop(): void;
}

/**
 * The thread in which all files are hashed: on the main thread every call would wait for it. It begins with the first
 * file; when it dies, the files that it was at fail, and the next one begins another.
 */
export interface HashThread {
  open(path: string): FileHasher;
  stop(): Promise<void>;
}

export interface HashThreadParts {
  /** Stores the files. */
  readonly transfers: Pick<TransferThread, "share" | "unshare">;
  readonly log: Log;
}

/** Its objects are few and short-lived: a small nursery is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };
/** So much more must be there before the thread is told. */
const stepBytes = 4 * 1024 * 1024;

export function createHashThread({ transfers, log }: HashThreadParts): HashThread {
  const program = new URL(`./hash-worker${extname(import.meta.filename)}`, import.meta.url);
  const files = new Map<number, PromiseWithResolvers<string>>();
  /** Of files that are closed, while the thread may still be at them, and of those that it is done with. */
  const closingWindows = new Map<number, SharedArrayBuffer>();
  const spareWindows: SharedArrayBuffer[] = [];
  let worker: Worker | undefined;
  let numbers = 0;
  let isStopping = false;

  function start(): Worker {
    const started = new Worker(program, { resourceLimits });
    let cause: unknown;
    started.on("message", onAnswer);
    // Its end follows.
    started.on("error", (error) => {
      cause = error;
    });
    started.on("exit", (exitCode) => {
      worker = undefined;
      closingWindows.clear();
      if (!isStopping)
        log.error("pull.hash_thread_ended", { exit_code: exitCode, reason: String(cause ?? "none") });
      const error = toDiskError(new Error("the thread that hashes has ended", { cause }));
      for (const finished of files.values()) finished.reject(error);
    });
    return started;
  }

  function onAnswer(answer: HashAnswer): void {
    const finished = files.get(answer.file);
    if ("digest" in answer) finished?.resolve(answer.digest);
    else if ("failure" in answer)
      finished?.reject(toDiskError(Object.assign(new Error(answer.failure.message), answer.failure)));
    else freeWindow(answer.file);
  }

  function freeWindow(file: number): void {
    const memory = closingWindows.get(file);
    closingWindows.delete(file);
    if (memory !== undefined) spareWindows.push(memory);
  }

  return {
    open(path) {
      const file = ++numbers;
      const thread = (worker ??= start());
      // A file is of the thread that began it: what is told to one that has ended goes nowhere.
      const tell = (order: HashOrder, moved: readonly MessagePort[] = []): void =>
        thread.postMessage(order, moved);
      const finished = Promise.withResolvers<string>();
      // Whoever waits for the digest hears of it; before that nobody does.
      finished.promise.catch(() => undefined);
      const memory = spareWindows.pop() ?? createWindowMemory();
      clearWindow(memory);
      const { port1, port2 } = new MessageChannel();
      transfers.share(path, { memory, port: port1 });
      files.set(file, finished);
      tell({ type: "open", file, path, window: { memory, port: port2 } }, [port2]);
      let told = 0;
      return {
        advance(until) {
          if (until - told < stepBytes) return;
          told = until;
          tell({ type: "advance", file, until, isEnd: false });
        },
        expect({ from, until }) {
          if (hasPublished(memory, from, until)) tell({ type: "again", file });
        },
        finish(sizeBytes) {
          tell({ type: "advance", file, until: sizeBytes, isEnd: true });
          return finished.promise;
        },
        stop() {
          files.delete(file);
          transfers.unshare(path);
          closingWindows.set(file, memory);
          tell({ type: "close", file });
        },
      };
    },
    async stop() {
      isStopping = true;
      await worker?.terminate();
      isStopping = false;
    },
  };
}
