import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

// The program of the thread that `createCheckpointer` starts: it writes the log back each time it is told to, and
// answers with true when that worked.

const database = new DatabaseSync(String(workerData));

parentPort?.on("message", () => {
  try {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    parentPort?.postMessage(true);
  } catch {
    // The log stays as it is; the main thread checkpoints by itself when it has grown far too long.
    parentPort?.postMessage(false);
  }
});
