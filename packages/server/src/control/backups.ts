import { z } from "zod";
import type { Backups } from "../store/backup/backups.ts";
import { defineOperation, type Operation } from "./operation.ts";

/** What the audit log says that a backup is of. */
export const backupTarget = { type: "backup", id: null, name: null };

/** Operations on backups. */
export function backupOperations(backups: Backups): readonly Operation[] {
  return [
    defineOperation({
      name: "backup.create",
      summary:
        "Makes a backup of everything that the platform stores while calls go on, in the folder `backups` of the data folder. With `Accept: application/x-tar` the backup itself is the answer, its SHA-256 in `repr-digest`, and nothing is kept.",
      permission: "backup.manage",
      rest: { method: "POST", path: "/api/v1/backups" },
      audit: { target: () => backupTarget },
      input: z.strictObject({}),
      output: z.object({
        file: z.string().describe("Where it is on the server's machine."),
        bytes: z.number(),
        sha256: z.string().describe("Of the whole file, in hexadecimal."),
        created_at: z.string(),
        tables: z.record(z.string(), z.number()).describe("Rows of each table."),
        master_key_ids: z
          .array(z.string())
          .readonly()
          .describe("The master keys without which its secrets cannot be read. They are not in it."),
      }),
      async run(_input, { signal }) {
        const { file, bytes, sha256, manifest } = await backups.create(signal);
        const { created_at, tables, master_key_ids } = manifest;
        return { file, bytes, sha256, created_at, tables, master_key_ids };
      },
    }),
  ];
}
