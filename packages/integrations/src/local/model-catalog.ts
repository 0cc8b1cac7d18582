import { type Dirent, existsSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Log } from "@llm-platform/kit";
import { readGgufFile } from "./gguf-file.ts";
import type { GgufHead } from "./gguf-head.ts";
import type { ModelFile } from "./model-file.ts";

const maxFilesPerDirectory = 10_000;
const partName = /-(\d{5})-of-(\d{5})\.gguf$/;
/** Architectures of files that are a part of another model. */
const companions = new Set(["clip"]);

/** The models in the folders of the settings. */
export interface ModelCatalog {
  /** Looks into the folders again and returns what is there, ordered by id. Files that did not change are not read again. */
  scan(): Promise<readonly ModelFile[]>;
  /** What was there at the last look. */
  readonly known: readonly ModelFile[];
  /** Paths of the LoRA adapters that were there, by name. */
  readonly adapters: ReadonlyMap<string, string>;
}

interface CatalogParts {
  readonly directories: readonly string[];
  /** A further one, which is made with the first model that is put there. */
  readonly storageDirectory: string | undefined;
  readonly log: Log;
  /** Called after a scan that found other models than the one before. */
  onChange(): void;
}

type Read = { readonly stamp: string; readonly head: GgufHead | undefined };

export function createModelCatalog(parts: CatalogParts): ModelCatalog {
  const reads = new Map<string, Read>();
  let known: readonly ModelFile[] | undefined;
  let adapters: ReadonlyMap<string, string> = new Map();
  let scanning: Promise<readonly ModelFile[]> | undefined;

  const scanNow = async (): Promise<readonly ModelFile[]> => {
    const files = new Map<string, ModelFile>();
    const found = new Map<string, string>();
    for (const directory of directoriesOf(parts)) {
      for (const file of await scanDirectory(directory, reads, parts.log)) {
        if (file.head.kind === "adapter") found.set(file.id, file.path);
        else if (files.has(file.id)) parts.log.warn("model.duplicate", { model: file.id, directory });
        else files.set(file.id, file);
      }
    }
    adapters = found;
    const before = known;
    const models = [...files.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    if (before !== undefined && listOf(before) === listOf(models)) return before;
    known = models;
    if (before !== undefined) parts.onChange();
    return models;
  };
  const scan = async (): Promise<readonly ModelFile[]> => {
    scanning ??= scanNow().finally(() => {
      scanning = undefined;
    });
    return await scanning;
  };
  return {
    scan,
    get known() {
      return known ?? [];
    },
    get adapters() {
      return adapters;
    },
  };
}

function directoriesOf({ directories, storageDirectory }: CatalogParts): ReadonlySet<string> {
  const isMade = storageDirectory !== undefined && existsSync(storageDirectory);
  return new Set(isMade ? [...directories, storageDirectory] : directories);
}

function listOf(files: readonly ModelFile[]): string {
  return files.map((file) => `${file.id}:${file.sizeBytes}:${file.modifiedAtMs}`).join("\n");
}

async function scanDirectory(
  directory: string,
  reads: Map<string, Read>,
  log: Log,
): Promise<readonly ModelFile[]> {
  let root: string;
  let entries: Dirent[];
  try {
    root = await realpath(directory);
    entries = await readdir(root, { withFileTypes: true });
  } catch (error) {
    log.warn("model_directory.unreadable", { directory, error: describe(error) });
    return [];
  }
  const names = entries.map((entry) => entry.name).filter((name) => name.endsWith(".gguf"));
  const files: ModelFile[] = [];
  for (const name of names.slice(0, maxFilesPerDirectory)) {
    const part = partName.exec(name);
    if (part !== null && part[1] !== "00001") continue;
    try {
      const file = await readModel(root, name, { reads, log });
      if (file !== undefined) files.push(file);
    } catch (error) {
      log.warn("model.unreadable", { file: name, error: describe(error) });
    }
  }
  return files;
}

async function readModel(
  root: string,
  name: string,
  { reads, log }: { readonly reads: Map<string, Read>; readonly log: Log },
): Promise<ModelFile | undefined> {
  const path = await realpath(join(root, name));
  if (dirname(path) !== root) {
    log.warn("model.outside", { file: name, reason: "it is a link that leads out of its folder" });
    return undefined;
  }
  const { size, mtimeMs } = await stat(path);
  const stamp = `${size}:${mtimeMs}`;
  const before = reads.get(path);
  const read = before?.stamp === stamp ? before : await readHead(path, { name, stamp, log });
  reads.set(path, read);
  if (read.head === undefined) return undefined;
  const id = name.slice(0, -".gguf".length);
  return { id, path, sizeBytes: await sizeOfParts(path, size), modifiedAtMs: mtimeMs, head: read.head };
}

async function readHead(
  path: string,
  about: { readonly name: string; readonly stamp: string; readonly log: Log },
): Promise<Read> {
  const result = await readGgufFile(path);
  if (result.type === "corrupt") {
    about.log.warn("model.corrupt", { file: about.name, reason: result.reason });
    return { stamp: about.stamp, head: undefined };
  }
  if (companions.has(result.head.architecture)) return { stamp: about.stamp, head: undefined };
  return { stamp: about.stamp, head: result.head };
}

/** Size of a model with all of its parts. */
async function sizeOfParts(path: string, firstBytes: number): Promise<number> {
  let total = firstBytes;
  for (const part of partsOf(path).slice(1)) total += (await stat(part)).size;
  return total;
}

/** The files that are one model together, by the path of the first. */
export function partsOf(path: string): readonly string[] {
  const count = Number(partName.exec(path)?.[2] ?? 1);
  const digits = (number: number): string => String(number).padStart(5, "0");
  return Array.from({ length: count }, (_, index) =>
    path.replace(partName, `-${digits(index + 1)}-of-${digits(count)}.gguf`),
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
