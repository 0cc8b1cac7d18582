import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { syncFile, takePlace } from "./backup/durable-files.ts";

/** By this file a data folder is known to be that of a server whose database is elsewhere. */
const replicaFileName = "replica.id";
const pattern = /^[0-9a-f]{16}$/;

/** The random id of the server that has a data folder; undefined where it has none yet. */
export function readReplicaId(directory: string): string | undefined {
  const path = join(directory, replicaFileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new PlatformError("unavailable", `${path} cannot be read. Check its permissions.`, {
      cause: error,
    });
  }
  if (pattern.test(text)) return text;
  throw new PlatformError(
    "unavailable",
    `${path} holds no id of a server. Restore it; without it the audit files of this folder have no owner.`,
  );
}

/** The same, made with the first start. */
export function keepReplicaId(directory: string): string {
  const known = readReplicaId(directory);
  if (known !== undefined) return known;
  const id = randomBytes(8).toString("hex");
  const path = join(directory, replicaFileName);
  try {
    writeFileSync(`${path}.new`, `${id}\n`, { mode: 0o600 });
    syncFile(`${path}.new`);
    takePlace(`${path}.new`, path);
    return id;
  } catch (cause) {
    throw new PlatformError("unavailable", `${path} cannot be written. Check the disk of the data folder.`, {
      cause,
    });
  }
}
