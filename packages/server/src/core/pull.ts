/** Where models can be pulled from. */
export const pullKinds = ["ollama", "huggingface", "url", "file"] as const;
export type PullKind = (typeof pullKinds)[number];

/** Where a pull stands, in the order of its life; the last four are where it can rest. */
export const pullPhases = [
  "queued",
  "resolving",
  "downloading",
  "verifying",
  "registering",
  "warming_up",
  "done",
  "failed",
  "paused",
  "cancelled",
] as const;
export type PullPhase = (typeof pullPhases)[number];

/** What is to be pulled. */
export interface PullRequest {
  readonly kind: PullKind;
  /** The model, repository, address or path. */
  readonly source: string;
  /** The integration that brings or knows it; empty for a kind that needs none. */
  readonly integration: string;
  /** Branch, tag or commit of a repository. */
  readonly revision?: string | undefined;
  /** One file of a repository. */
  readonly file?: string | undefined;
  /** Which of a repository's files, by how their weights are rounded, e.g. `Q4_K_M`. */
  readonly quantization?: string | undefined;
  /** Name of the model in the platform. Default: the file's. */
  readonly name?: string | undefined;
  /** What the file must be, in hexadecimal; where the source does not say it itself. */
  readonly sha256?: string | undefined;
  /** Whether the model is brought into memory at the end. */
  readonly load: boolean;
}

/** One file of a pull. */
export interface PulledFile {
  readonly name: string;
  readonly completedBytes: number;
  /** Undefined while it is not known. */
  readonly totalBytes: number | undefined;
  /** In hexadecimal; undefined while it is not known. */
  readonly sha256: string | undefined;
}

/** What went wrong with a pull that failed. */
export interface PullFailure {
  readonly code: string;
  readonly message: string;
}

/** A pull as it is now. */
export interface Pull {
  /** `pull_` and a random UUID. */
  readonly id: string;
  /** Id of the server whose disk it fills; empty where there is only one. */
  readonly replica: string;
  readonly request: PullRequest;
  readonly phase: PullPhase;
  /** What happens in the phase, or why it rests, for a person. */
  readonly detail: string | undefined;
  readonly failure: PullFailure | undefined;
  /** What was found at the source: for a repository the commit. */
  readonly revision: string | undefined;
  readonly license: string | undefined;
  readonly files: readonly PulledFile[];
  /** What can be called when it is done, as `integration/model`. */
  readonly models: readonly string[];
  /** Undefined unless bytes come now. */
  readonly bytesPerSecond: number | undefined;
  readonly createdBy: string;
  readonly createdByName: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly finishedAtMs: number | undefined;
}

/** What a person can do to a pull. */
export const pullActions = ["pause", "resume", "cancel"] as const;
export type PullAction = (typeof pullActions)[number];

/** Whether nothing will happen to the pull any more. */
export function isOver(phase: PullPhase): boolean {
  return phase === "done" || phase === "failed" || phase === "cancelled";
}

/** Bytes that are there, of all files. */
export function completedBytesOf({ files }: Pick<Pull, "files">): number {
  return files.reduce((sum, { completedBytes }) => sum + completedBytes, 0);
}

/** Bytes of all files together; undefined while the size of one is not known. */
export function totalBytesOf({ files }: Pick<Pull, "files">): number | undefined {
  if (files.length === 0) return undefined;
  return files.reduce<number | undefined>(
    (sum, { totalBytes }) => (sum === undefined || totalBytes === undefined ? undefined : sum + totalBytes),
    0,
  );
}

/** Two requests with the same key are for the same thing. */
export function pullKey({
  kind,
  integration,
  source,
  revision,
  file,
  quantization,
  name,
}: PullRequest): string {
  return JSON.stringify([kind, integration, source, revision, file, quantization, name]);
}
