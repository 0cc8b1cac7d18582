import type { ErrorCode } from "@llm-platform/kit";
import type { MadeBackup } from "./make-backup.ts";

/** What the thread that makes a backup says at its end. */
export type FromBackupWorker =
  | { readonly type: "made"; readonly made: MadeBackup }
  | {
      readonly type: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      /** For the log. */
      readonly cause: string | undefined;
    };

/** What it is told. */
export type ToBackupWorker = "cancel";
