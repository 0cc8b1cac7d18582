import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Conditions of a package's `exports` that hold for an import by this platform. */
const conditions = ["node", "import", "module-sync", "default"];

/**
 * Finds the module that a specifier means: a path (`./page-watch`, a folder or a file) taken from
 * `baseDirectory`, or the name of a package that is installed there, above it, or beside the server.
 * Undefined when there is none.
 */
export async function findPackageEntry(specifier: string, baseDirectory: string): Promise<URL | undefined> {
  const base = resolve(baseDirectory);
  if (specifier.startsWith(".") || isAbsolute(specifier)) return findByPath(resolve(base, specifier));
  if (!/^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/.test(specifier)) return undefined;
  for (const start of [base, dirname(fileURLToPath(import.meta.url))]) {
    for (const folder of foldersAbove(start)) {
      const entry = await findInFolder(join(folder, "node_modules", specifier));
      if (entry !== undefined) return entry;
    }
  }
  return undefined;
}

async function findByPath(path: string): Promise<URL | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return pathToFileURL(path);
  return found === undefined ? undefined : findInFolder(path);
}

/** The entry that a folder's package.json names; `index.js` where it names none. */
async function findInFolder(folder: string): Promise<URL | undefined> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
  const entry = join(folder, text === undefined ? "index.js" : entryOf(parseManifest(text)));
  const found = await stat(entry).catch(() => undefined);
  return found?.isFile() === true ? pathToFileURL(entry) : undefined;
}

function entryOf({ exports, main }: Readonly<Record<string, unknown>>): string {
  const root = isRecord(exports) && "." in exports ? exports["."] : exports;
  return pickCondition(root) ?? (typeof main === "string" ? main : "index.js");
}

function pickCondition(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (!isRecord(target)) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const picked = conditions.includes(condition) ? pickCondition(inner) : undefined;
    if (picked !== undefined) return picked;
  }
  return undefined;
}

function parseManifest(text: string): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(text);
    return isRecord(manifest) ? manifest : {};
  } catch {
    // A broken package.json names no entry; `index.js` is tried as if there were none.
    return {};
  }
}

function foldersAbove(start: string): readonly string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...foldersAbove(parent)];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
