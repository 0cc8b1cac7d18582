import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { PlatformError } from "@llm-platform/kit";

/** A file of the console as it is sent. */
export interface Asset {
  readonly contentType: string;
  /** Quoted, as the header has it. */
  readonly etag: string;
  /** Whether its name changes with its contents. */
  readonly isHashed: boolean;
  /** Its contents by the coding that they are in. */
  readonly paths: Readonly<Partial<Record<Coding, string>>> & { readonly identity: string };
}

/** How contents are sent; the build writes those that are worth it. */
export type Coding = "br" | "gzip" | "identity";

const suffixes: readonly (readonly [Coding, string])[] = [
  ["br", ".br"],
  ["gzip", ".gz"],
];

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
};

/**
 * Finds the files that the build has written, by their path from the folder.
 * Rejects with PlatformError `unavailable` where there are none.
 */
export async function findAssets(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const names = await listFiles(folder);
  const all = new Set(names);
  const found = new Map<string, Asset>();
  for (const name of names) {
    if (suffixes.some(([, suffix]) => name.endsWith(suffix))) continue;
    const isHashed = name.startsWith("assets/");
    const path = join(folder, name);
    const etag = isHashed ? name : hash("sha256", await readFile(path)).slice(0, 32);
    const coded = suffixes
      .filter(([, suffix]) => all.has(name + suffix))
      .map(([coding, suffix]) => [coding, path + suffix]);
    found.set(name, {
      contentType: contentTypes[extname(name)] ?? "application/octet-stream",
      etag: `"${etag}"`,
      isHashed,
      paths: { identity: path, ...Object.fromEntries(coded) },
    });
  }
  return found;
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  } catch (cause) {
    throw new PlatformError(
      "unavailable",
      "The console is not part of this build. Make it with `npm run build`.",
      { cause },
    );
  }
}

/** The smallest coding that a client takes. */
export function chooseCoding({ paths }: Asset, acceptEncoding: string | undefined): Coding {
  const accepted = (acceptEncoding ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => !/;\s*q=0(\.0*)?$/.test(each))
    .map((each) => each.split(";")[0]?.trim());
  return (
    suffixes.find(([coding]) => paths[coding] !== undefined && accepted.includes(coding))?.[0] ?? "identity"
  );
}
