import type { ErrorCode } from "@llm-platform/kit";
import type { BackupInput, MadeBackup } from "./make-backup.ts";
import type { Manifest } from "./manifest.ts";

/** What the thread is to do. */
export type BackupJob =
  | ({ readonly job: "make" } & BackupInput)
  | { readonly job: "verify"; readonly file: string };

/** What the thread that makes or verifies a backup says at its end. */
export type FromBackupWorker =
  | { readonly type: "made"; readonly made: MadeBackup }
  | { readonly type: "verified"; readonly manifest: Manifest }
  | {
      readonly type: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      /** For the log. */
      readonly cause: string | undefined;
    };

/** What it is told. */
export type ToBackupWorker = "cancel";
