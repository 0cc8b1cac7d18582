import { PlatformError } from "@llm-platform/kit";
import { readReplicaId } from "../replica-id.ts";
import type { Backups } from "./backups.ts";

/** Backups of a server whose state is elsewhere: there are none here. Rejects with PlatformError `conflict`. */
export function refuseBackups(message: string): Backups {
  const refuse = () => Promise.reject(new PlatformError("conflict", message));
  return {
    create: refuse,
    list: refuse,
    verify: refuse,
    lend: refuse,
    isMaking: false,
    stop: async () => undefined,
  };
}

/** Throws PlatformError `conflict` for the data folder of a server that keeps its state in PostgreSQL. */
export function refuseReplica(dataDirectory: string, program: "pg_dump" | "pg_restore"): void {
  if (readReplicaId(dataDirectory) === undefined) return;
  throw new PlatformError(
    "conflict",
    `${dataDirectory} is the data folder of a server on PostgreSQL, whose state is there: use ${program}. Delete replica.id if its server keeps its state in this folder again.`,
  );
}
