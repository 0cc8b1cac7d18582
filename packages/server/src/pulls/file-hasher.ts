import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { toDiskError } from "./disk-error.ts";
import type { HashAnswer, HashOrder } from "./hash-messages.ts";

/** Hashes a file while it grows. */
export interface FileHasher {
  /** Tells that the bytes up to there will not change any more. */
  advance(until: number): void;
  /** Resolves with the SHA-256 in hexadecimal of the first `sizeBytes` bytes. Rejects with PlatformError when the file cannot be read. */
  finish(sizeBytes: number): Promise<string>;
  /** Forgets the file. */
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

/** Its objects are few and short-lived: a small nursery is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };
/** So much more must be there before the thread is told. */
const stepBytes = 4 * 1024 * 1024;

export function createHashThread(): HashThread {
  const program = new URL(`./hash-worker${extname(import.meta.filename)}`, import.meta.url);
  const files = new Map<number, PromiseWithResolvers<string>>();
  let worker: Worker | undefined;
  let numbers = 0;

  function start(): Worker {
    const started = new Worker(program, { resourceLimits });
    let cause: unknown;
    started.on("message", (answer: HashAnswer) => {
      const finished = files.get(answer.file);
      if ("digest" in answer) finished?.resolve(answer.digest);
      else finished?.reject(toDiskError(Object.assign(new Error(answer.failure.message), answer.failure)));
    });
    // Its end follows.
    started.on("error", (error) => {
      cause = error;
    });
    started.on("exit", () => {
      worker = undefined;
      const error = toDiskError(new Error("the thread that hashes has ended", { cause }));
      for (const finished of files.values()) finished.reject(error);
    });
    return started;
  }

  return {
    open(path) {
      const file = ++numbers;
      const thread = (worker ??= start());
      // A file is of the thread that began it: what is told to one that has ended goes nowhere.
      const tell = (order: HashOrder): void => thread.postMessage(order);
      const finished = Promise.withResolvers<string>();
      // Whoever waits for the digest hears of it; before that nobody does.
      finished.promise.catch(() => undefined);
      files.set(file, finished);
      tell({ type: "open", file, path });
      let told = 0;
      return {
        advance(until) {
          if (until - told < stepBytes) return;
          told = until;
          tell({ type: "advance", file, until, isEnd: false });
        },
        finish(sizeBytes) {
          tell({ type: "advance", file, until: sizeBytes, isEnd: true });
          return finished.promise;
        },
        stop() {
          files.delete(file);
          tell({ type: "close", file });
        },
      };
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
