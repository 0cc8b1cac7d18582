import type { FilePart } from "./file-part.ts";

/** A word about a file before anybody opens it: what may happen to who loads it. */
export type FileRisk = "none" | "runs_code" | "program";

/** A file of a repository, as the hub describes it. */
export interface HubFile {
  /** Below the repository, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of the contents, in hexadecimal. Absent where the hub does not say it. */
  readonly sha256?: string;
  readonly risk: FileRisk;
}

/** Files that are one model together, with its weights rounded in one way. */
export interface HubQuantization {
  /** As in `Q4_K_M`. */
  readonly name: string;
  /** In the order in which they are one model; one file where it is not split. */
  readonly files: readonly HubFile[];
  readonly sizeBytes: number;
}

/** A repository in a list. */
export interface HubModel {
  /** `owner/name`. */
  readonly id: string;
  /** Whether access must be asked for, and is then given at once or by a person. */
  readonly gated: "no" | "automatic" | "manual";
  readonly isPrivate: boolean;
  readonly downloads?: number;
  readonly likes?: number;
  /** What it is for, e.g. `text-generation`. */
  readonly task?: string;
  /** What it is made for, e.g. `gguf`. */
  readonly library?: string;
  readonly license?: string;
  readonly updatedAt?: string;
  readonly parameters?: number;
}

/** Everything about a repository at one commit. */
export interface HubRepository extends HubModel {
  /** The commit that the revision stands for. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  readonly quantizations: readonly HubQuantization[];
  /** What a person should know before using it, a sentence each. */
  readonly warnings: readonly string[];
}

export interface HubQuery {
  readonly text?: string;
  readonly author?: string;
  readonly task?: string;
  readonly library?: string;
  readonly license?: string;
  readonly quantization?: string;
  readonly gated?: boolean;
  /** At most so many parameters. */
  readonly maxParameters?: number;
  readonly sort: "downloads" | "likes" | "updated" | "trending";
  readonly limit: number;
  /** From the page before. */
  readonly cursor?: string;
}

export interface HubPage {
  readonly models: readonly HubModel[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** Which bytes of which file. */
export interface HubRange {
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly from: number;
  /** The first byte that is not wanted. */
  readonly until: number;
}

/** The ability of an integration that knows repositories of models. Files come here only by the host's pulls. */
export interface ModelHub {
  /** Rejects with PlatformError: `unavailable` while offline, `rate_limited`, `upstream_error`. */
  search(query: HubQuery, signal: AbortSignal): Promise<HubPage>;
  /**
   * @param revision branch, tag or commit; default the main branch
   * Rejects with PlatformError: as `search`, `not_found`, or `forbidden` for one that access must be asked for.
   */
  repository(name: string, revision: string | undefined, signal: AbortSignal): Promise<HubRepository>;
  /**
   * Asks for a part of a file. Resolves when the head is there; statuses that may pass are answers.
   * Rejects as `repository` does.
   */
  open(range: HubRange, signal: AbortSignal): Promise<FilePart>;
}
