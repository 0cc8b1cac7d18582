import type { Pull } from "../core/pull.ts";

/** Pulls as they are kept over a restart. */
export interface PullRecords {
  /** Of this server; empty where there is only one. */
  readonly replica: string;
  /** Newest first, of every replica. */
  list(limit: number): Promise<readonly Pull[]>;
  find(id: string): Promise<Pull | undefined>;
  /** Those of this replica that are not over. */
  unfinished(): Promise<readonly Pull[]>;
  put(pull: Pull): Promise<void>;
}
