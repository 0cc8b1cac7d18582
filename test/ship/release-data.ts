import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("releases/", import.meta.url));

/** Releases whose data is kept, by their versions; see `keep-release.ts`. */
export const keptReleases = readdirSync(folder);

/** Lays the data folder of a release down, as its server left it. Returns a key that was made with it. */
export function layDownRelease(version: string, directory: string): string {
  const from = join(folder, version);
  const text = (name: string) => readFileSync(join(from, name), "utf8");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const raw = new DatabaseSync(join(directory, "platform.db"));
  raw.exec(`BEGIN; ${text("platform.sql")} COMMIT`);
  raw.close();
  cpSync(join(from, "audit"), join(directory, "audit"), { recursive: true });
  writeFileSync(join(directory, "master.key"), text("master.txt"), { mode: 0o600 });
  return text("key.txt").trim();
}
