import { createHash } from "node:crypto";
import { openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

// The program of the thread that `createFileHasher` starts: it hashes the file's bytes up to where it is told that they
// are there, and answers with how far it is, or, when told that there are no more, with the digest.

const hash = createHash("sha256");
const file = openSync(String(workerData), "r");
// It stays in the processor's cache, for the digest to find it there.
const buffer = Buffer.allocUnsafeSlow(256 * 1024);
const state = { position: 0 };

parentPort?.on("message", ({ until, isEnd }: { readonly until: number; readonly isEnd: boolean }) => {
  while (state.position < until) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, until - state.position), state.position);
    if (length === 0) break;
    hash.update(buffer.subarray(0, length));
    state.position += length;
  }
  parentPort?.postMessage({ position: state.position, digest: isEnd ? hash.digest("hex") : undefined });
});
