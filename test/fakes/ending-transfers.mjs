import fs, { existsSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

// Loaded into a server before its own code: the thread that writes what is pulled ends with its next write once the
// file that END_TRANSFERS names is there, as the file says: `throw` for an error that nobody catches, `hashing` for the
// thread that hashes, which leaves with the next file that it opens, else by leaving.

const order = process.env["END_TRANSFERS"] ?? "";
const { openSync, writeSync } = fs;

if (!isMainThread) {
  fs.writeSync = (...parts) => {
    const how = existsSync(order) ? readFileSync(order, "utf8") : "hashing";
    if (how !== "hashing") {
      rmSync(order);
      if (how !== "throw") process.exit(7);
      setImmediate(() => {
        throw new Error("the thread was told to end");
      });
    }
    return writeSync(...parts);
  };
  fs.openSync = (path, flags, ...parts) => {
    if (flags === "r" && existsSync(order) && readFileSync(order, "utf8") === "hashing") {
      rmSync(order);
      process.exit(7);
    }
    return openSync(path, flags, ...parts);
  };
  syncBuiltinESMExports();
}
