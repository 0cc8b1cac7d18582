import type { PullProgress } from "@llm-platform/kit";
import type { Pull, PulledFile, PullPhase, PullRequest } from "../core/pull.ts";

/** What changed of a pull while it runs. */
export interface PullUpdate {
  readonly phase?: PullPhase;
  readonly detail?: string | undefined;
  readonly revision?: string | undefined;
  readonly license?: string | undefined;
  readonly models?: readonly string[];
  /** The files that there are, all of them. */
  readonly files?: readonly PulledFile[];
}

/** What a runner is given beside the pull. */
export interface PullTransfer {
  /** Aborted when the pull is to rest: everything on disk stays so that it can go on. */
  readonly signal: AbortSignal;
  update(update: PullUpdate): void;
  /** How far one of the files is. */
  progress(file: string, completedBytes: number, totalBytes?: number): void;
  /** Passes on what the source itself says. */
  step(step: PullProgress): void;
}

/** How one kind of pull is done. */
export interface PullRunner {
  /** Looks before the pull begins whether it can succeed. Rejects with PlatformError. */
  check(request: PullRequest, signal: AbortSignal): Promise<void>;
  /** Resolves when the models can be called. Rejects with PlatformError, or with the signal's reason. */
  run(pull: Pull, transfer: PullTransfer): Promise<void>;
  /** Takes away what a cancelled pull has left. */
  discard?(pull: Pull): Promise<void>;
}
