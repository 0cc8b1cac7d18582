import { createHash } from "node:crypto";
import { gitOid, type HubContents } from "./hub-contents.ts";

/** A repository of the hub. */
export type HubRepositoryInput = {
  /** `owner/name`. */
  readonly id: string;
  readonly files: Readonly<Record<string, HubContents>>;
  readonly gated?: "auto" | "manual";
  readonly isPrivate?: boolean;
  readonly tags?: readonly string[];
  readonly task?: string;
  readonly library?: string;
  readonly license?: string;
  readonly downloads?: number;
  readonly parameters?: number;
};

/** Files above this size, and GGUF files, lie in LFS: their contents come from another server. */
const largestGitBytes = 1024 * 1024;

export function isLfs(path: string, { sizeBytes }: HubContents): boolean {
  return path.endsWith(".gguf") || path.endsWith(".bin") || sizeBytes > largestGitBytes;
}

/** The commit that `main` is at: another one when a file has other contents. */
export function commitOf({ id, files }: HubRepositoryInput): string {
  const facts = Object.entries(files).map(([path, { sha256 }]) => [path, sha256]);
  return createHash("sha1")
    .update(JSON.stringify([id, facts]))
    .digest("hex");
}

/** An entry of a list of files, as the hub writes it. */
export function treeEntry(path: string, contents: HubContents): object {
  const { sizeBytes, sha256 } = contents;
  const common = { type: "file", path, size: sizeBytes };
  if (!isLfs(path, contents)) return { ...common, oid: gitOid(contents) };
  return {
    ...common,
    oid: createHash("sha1").update(sha256).digest("hex"),
    lfs: { oid: sha256, size: sizeBytes, pointerSize: 134 },
  };
}

/** What the hub says of a repository. */
export function repositoryFacts(repository: HubRepositoryInput, isFull: boolean): object {
  const {
    id,
    files,
    gated,
    isPrivate = false,
    task,
    library,
    license,
    downloads = 0,
    parameters,
  } = repository;
  return {
    _id: createHash("sha1").update(id).digest("hex").slice(0, 24),
    id,
    modelId: id,
    author: id.split("/")[0],
    sha: commitOf(repository),
    private: isPrivate,
    gated: gated ?? false,
    disabled: false,
    downloads,
    likes: downloads % 100,
    tags: [...(repository.tags ?? []), ...(license === undefined ? [] : [`license:${license}`])],
    pipeline_tag: task,
    library_name: library,
    createdAt: "2026-01-01T00:00:00.000Z",
    lastModified: "2026-02-01T00:00:00.000Z",
    ...(license === undefined ? {} : { cardData: { license } }),
    ...(parameters === undefined ? {} : { gguf: { total: parameters, architecture: "llama" } }),
    ...(isFull ? { siblings: Object.keys(files).map((rfilename) => ({ rfilename })), spaces: [] } : {}),
  };
}
