import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// Loaded into a server before its own code: as long as there is a file `full` in its data folder, the disk takes
// nothing more for the audit log, neither for its table nor for its files.

const marker = join(process.env["LLM_PLATFORM_DATA_DIR"] ?? "", "full");

function refuse(code) {
  if (existsSync(marker)) throw Object.assign(new Error("no space left on device"), code);
}

const handle = await open(import.meta.filename);
const files = Object.getPrototypeOf(handle);
await handle.close();
const { write } = files;
files.write = async function (...parameters) {
  refuse({ code: "ENOSPC" });
  return write.apply(this, parameters);
};

const { prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.prepare = function (sql, ...more) {
  if (/^insert into "audit_log"/i.test(sql)) refuse({ errcode: 13 });
  return prepare.call(this, sql, ...more);
};
