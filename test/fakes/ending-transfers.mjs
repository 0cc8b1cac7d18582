import fs, { existsSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

// Loaded into a server before its own code: the thread that writes what is pulled ends with its next write once the
// file that END_TRANSFERS names is there, as the file says: `throw` for an error that nobody catches, else by leaving.

const order = process.env["END_TRANSFERS"] ?? "";
const writeSync = fs.writeSync;

if (!isMainThread) {
  fs.writeSync = (...parts) => {
    if (existsSync(order)) {
      const how = readFileSync(order, "utf8");
      rmSync(order);
      if (how !== "throw") process.exit(7);
      setImmediate(() => {
        throw new Error("the thread was told to end");
      });
    }
    return writeSync(...parts);
  };
  syncBuiltinESMExports();
}
