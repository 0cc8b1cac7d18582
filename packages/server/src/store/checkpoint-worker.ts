import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

// The program of the thread that `createCheckpointer` starts: it writes the log back each time it is told to, and
// answers with what it was told and whether that worked.

/** Emptying the log waits this long for others to be through with it. */
const busyTimeoutMs = 2_000;

const database = new DatabaseSync(String(workerData), { timeout: busyTimeoutMs });

parentPort?.on("message", (mode: "passive" | "truncate") => {
  try {
    // The long work needs no lock, and leaves little to do for what has one.
    let row = database.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
    if (mode === "truncate") row = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    parentPort?.postMessage({ mode, isDone: mode === "passive" || row?.["busy"] === 0 });
  } catch {
    // The log stays as it is; the main thread checkpoints by itself when it has grown far too long.
    parentPort?.postMessage({ mode, isDone: false });
  }
});
