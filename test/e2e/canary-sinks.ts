import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Canaries } from "./canaries.ts";
import type { Planter, Route } from "./canary-traffic.ts";

/** Where a secret was found: which, and in what. */
export type Finding = string;

/** Long enough for what a stream that goes on has to tell of the past. */
const streamMs = 1_000;

/** Every file of the data folder, byte by byte. */
export function sweepFiles(directory: string, canaries: Canaries): readonly Finding[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return canaries.findIn(bytes).map((name) => `${name} in the file ${entry.name}`);
    });
}

/** What every route tells that only reads, one that has a name in its path for each of the names. */
export async function sweepRoutes(
  { platform, canaries, key }: Planter,
  { routes, names }: { readonly routes: readonly Route[]; readonly names: readonly string[] },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { method, path } of routes) {
    if (method !== "GET") continue;
    for (const name of path.includes("{") ? names : [""]) {
      const filled = path.replaceAll(/\{\w+\}/g, encodeURIComponent(name));
      for (const accept of ["application/json", "text/event-stream", "text/csv"]) {
        const text = await readRoute(`${platform.url}${filled}`, { authorization: `Bearer ${key}`, accept });
        findings.push(...canaries.findIn(text).map((each) => `${each} in GET ${filled} as ${accept}`));
      }
    }
  }
  return findings;
}

/** Headers and as much of the body as comes within a second. */
async function readRoute(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const signal = AbortSignal.timeout(streamMs);
  let read = "";
  try {
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    read += JSON.stringify([...response.headers]);
    for await (const chunk of response.body ?? []) read += Buffer.from(chunk).toString("latin1");
  } catch (error) {
    // A stream that goes on was read for long enough.
    if (!signal.aborted) throw error;
  }
  return read;
}
