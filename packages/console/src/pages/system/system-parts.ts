import type { OperationOutput } from "@llm-platform/client";

export type Parts = OperationOutput<"system.parts">;
export type Setting = OperationOutput<"system.settings">["settings"][number];
export type Backup = OperationOutput<"backup.list">["backups"][number];
