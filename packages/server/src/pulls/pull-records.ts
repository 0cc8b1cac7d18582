import type { Pull } from "../core/pull.ts";

/** Pulls as they are kept over a restart. */
export interface PullRecords {
  list(limit: number): Promise<readonly KeptPull[]>;
  find(id: string): Promise<KeptPull | undefined>;
  /** Those of this replica that are not over. */
  unfinished(): Promise<readonly Pull[]>;
  put(pull: Pull): Promise<void>;
}

export interface KeptPull {
  readonly pull: Pull;
  /** Whether it is this replica's. */
  readonly isOwn: boolean;
}
