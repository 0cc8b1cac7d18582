import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * The address under which a database of SQLite is read without a trace. Without a log beside it nothing writes it, and
 * SQLite is told so: otherwise even a reader makes files there, as its own user, which the server might then not be able to
 * open.
 */
export function toReadAddress(path: string): string | URL {
  if (existsSync(`${path}-wal`)) return path;
  const address = pathToFileURL(path);
  address.searchParams.set("immutable", "1");
  return address;
}
