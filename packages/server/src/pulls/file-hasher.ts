import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { toDiskError } from "./disk-error.ts";

/** Hashes a file while it grows, in a thread of its own: on the main thread every call would wait for it. */
export interface FileHasher {
  /** Tells that the bytes up to there will not change any more. */
  advance(until: number): void;
  /** Resolves with the SHA-256 in hexadecimal of the first `sizeBytes` bytes. Rejects with PlatformError when the file cannot be read. */
  finish(sizeBytes: number): Promise<string>;
  stop(): Promise<void>;
}

interface Answer {
  readonly position: number;
  readonly digest: string | undefined;
}

/** Its objects are few and short-lived: a small nursery is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };
/** So much more must be there before the thread is told. */
const stepBytes = 4 * 1024 * 1024;

export function createFileHasher(path: string): FileHasher {
  const program = new URL(`./hash-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(program, { workerData: path, resourceLimits });
  const finished = Promise.withResolvers<string>();
  // Whoever waits for the digest hears of it; before that nobody does.
  finished.promise.catch(() => undefined);
  const state = { told: 0 };
  worker.on("message", ({ digest }: Answer) => {
    if (digest !== undefined) finished.resolve(digest);
  });
  worker.on("error", (error) => finished.reject(toDiskError(error)));
  worker.on("exit", () => finished.reject(toDiskError(new Error("the thread that hashes has ended"))));
  return {
    advance(until) {
      if (until - state.told < stepBytes) return;
      state.told = until;
      worker.postMessage({ until, isEnd: false });
    },
    finish(sizeBytes) {
      worker.postMessage({ until: sizeBytes, isEnd: true });
      return finished.promise;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
