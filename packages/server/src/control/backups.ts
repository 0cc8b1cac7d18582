import { PlatformError } from "@llm-platform/kit";
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
    defineOperation({
      name: "backup.list",
      summary: "The backups in the data folder of this server, newest first.",
      permission: "backup.manage",
      rest: { method: "GET", path: "/api/v1/backups" },
      input: z.strictObject({}),
      output: z.object({
        backups: z
          .array(
            z.object({
              name: z.string(),
              file: z.string().describe("Where it is on the server's machine."),
              bytes: z.number(),
              made_at: z.string(),
            }),
          )
          .readonly(),
      }),
      run: async () => ({
        backups: (await backups.list()).map(({ name, file, bytes, madeAtMs }) => ({
          name,
          file,
          bytes,
          made_at: new Date(madeAtMs).toISOString(),
        })),
      }),
    }),
    verifyOperation(backups),
  ];
}

function verifyOperation(backups: Backups): Operation {
  return defineOperation({
    name: "backup.verify",
    summary: "Proves that a backup can be restored: every hash, the database's own check, and its counts.",
    permission: "backup.manage",
    rest: { method: "POST", path: "/api/v1/backups/{name}/verify" },
    audit: "reads",
    input: z.strictObject({ name: z.string().min(1).max(128).describe("As `backup.list` has it.") }),
    output: z.object({
      name: z.string(),
      is_good: z.boolean(),
      problem: z.string().nullable().describe("Why it cannot be restored; null where it can."),
      version: z.string().nullable().describe("Of the program that made it."),
      created_at: z.string().nullable(),
      tables: z.record(z.string(), z.number()).describe("Rows of each table."),
      master_key_ids: z.array(z.string()).readonly(),
    }),
    async run({ name }, { signal }) {
      try {
        const { version, created_at, tables, master_key_ids } = await backups.verify(name, signal);
        return { name, is_good: true, problem: null, version, created_at, tables, master_key_ids };
      } catch (error) {
        // What is wrong with it is what was asked.
        if (!(error instanceof PlatformError) || error.code !== "invalid_request") throw error;
        const nothing = { version: null, created_at: null, tables: {}, master_key_ids: [] };
        return { name, is_good: false, problem: error.message, ...nothing };
      }
    },
  });
}
