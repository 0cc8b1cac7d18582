import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Folder of the checkout, with its final slash. */
export const repositoryRoot = fileURLToPath(new URL("../", import.meta.url));

/** Entry file of the built server. */
export const serverMain = fileURLToPath(new URL("../packages/server/bundle/main.js", import.meta.url));

/** Node flags with which `npm start` runs the server. */
export function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return String(scripts.start)
    .split(" ")
    .filter((word) => word.startsWith("--"));
}

/** What git prints, or undefined where it fails or is missing: a copy without history can still be measured. */
export function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, {
      cwd: repositoryRoot,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    // The caller decides what a missing answer means.
    return undefined;
  }
}
