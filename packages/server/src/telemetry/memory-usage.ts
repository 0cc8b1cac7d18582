import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";

export interface MemoryUsageParts {
  /** What this process may use, where nothing else bounds it; undefined for no such bound. */
  readonly maxBytes: number | undefined;
  /** Throws for a file that is not there. Default: the system's files. */
  readonly readText?: (path: string) => string;
  /** Default: of this process. */
  readonly residentBytes?: () => number;
  /** Default: of the machine. */
  readonly totalBytes?: number;
}

/** Names of the files of both versions of control groups. */
interface Version {
  readonly root: string;
  readonly limit: string;
  readonly usage: string;
  /** Members of `memory.stat`: file contents in memory, which the system takes back before anybody runs short. */
  readonly reclaimable: readonly string[];
}

const second: Version = {
  root: "/sys/fs/cgroup",
  limit: "memory.max",
  usage: "memory.current",
  reclaimable: ["inactive_file", "active_file"],
};
const first: Version = {
  root: "/sys/fs/cgroup/memory",
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
  reclaimable: ["total_inactive_file", "total_active_file"],
};

/**
 * Finds out what bounds the memory of this process: its control groups where it is in some, as in a container, and
 * `maxBytes`. The result reads the part of it that is in use, of several bounds of the fullest; undefined without any.
 * The contents of files, such as those of a model that is mapped, do not count: they make room when it is wanted.
 */
export function createMemoryUsage(parts: MemoryUsageParts): () => number | undefined {
  const { maxBytes, readText = readFile, totalBytes = totalmem() } = parts;
  const { residentBytes = () => process.memoryUsage.rss() } = parts;
  const groups = findGroups(readText, totalBytes);
  return () => {
    const ratios = groups.flatMap((group) => group.read(readText) ?? []);
    if (maxBytes !== undefined) ratios.push(residentBytes() / maxBytes);
    return ratios.length === 0 ? undefined : Math.max(...ratios);
  };
}

function readFile(path: string): string {
  return readFileSync(path, "utf8");
}

/** The control groups of this process, and those around them, that bound its memory. */
function findGroups(readText: (path: string) => string, totalBytes: number): readonly Group[] {
  try {
    return readText("/proc/self/cgroup")
      .split("\n")
      .flatMap((line) => {
        const [, controllers = "none", path = ""] = line.split(":");
        if (controllers === "") return foldersUp(path).map((folder) => new Group(second, folder));
        return controllers.split(",").includes("memory")
          ? foldersUp(path).map((folder) => new Group(first, folder))
          : [];
      })
      .filter((group) => (group.limit(readText) ?? totalBytes) < totalBytes);
  } catch {
    // Not Linux: `maxBytes` is all that can be known.
    return [];
  }
}

function foldersUp(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...foldersUp(above)];
}

class Group {
  readonly #version: Version;
  readonly #folder: string;

  constructor(version: Version, folder: string) {
    this.#version = version;
    this.#folder = join(version.root, folder);
  }

  /** Undefined where there is none. */
  limit(readText: (path: string) => string): number | undefined {
    try {
      const limit = Number(readText(join(this.#folder, this.#version.limit)));
      return Number.isFinite(limit) && limit > 0 ? limit : undefined;
    } catch {
      // A container sees its own group at the root, under another path than the system tells.
      return undefined;
    }
  }

  /** The part in use; undefined when the group is not there any more. */
  read(readText: (path: string) => string): number | undefined {
    const limit = this.limit(readText);
    if (limit === undefined) return undefined;
    try {
      const usage = Number(readText(join(this.#folder, this.#version.usage)));
      const stat = readText(join(this.#folder, "memory.stat"));
      const files = this.#version.reclaimable.reduce((sum, name) => sum + memberOf(stat, name), 0);
      return Math.max(0, usage - files) / limit;
    } catch {
      // What cannot be read bounds nothing that we could tell.
      return undefined;
    }
  }
}

function memberOf(stat: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
}
