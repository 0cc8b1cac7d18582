import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

const redis = z.object({
  is_up: z.boolean(),
  trouble: z.string().nullable().describe("Null while nothing is wrong."),
  ping_ms: z.number().nullable().describe("Null while it does not answer."),
  used_bytes: z.number().nullable(),
  most_bytes: z.number().nullable().describe("Its own bound; null for none."),
});

const certificate = z.object({
  setting: z.string().describe("The setting that names its file."),
  file: z.string(),
  subject: z.string().nullable(),
  issuer: z.string().nullable(),
  names: z.array(z.string()).readonly().describe("Names and addresses that it is for."),
  valid_from: z.string().nullable(),
  expires_at: z.string().nullable(),
  problem: z.string().nullable().describe("Why it cannot be read; null where it can."),
});

const output = z.object({
  replicas: z.object({
    count: z.number().describe("Those that live, as this one knows."),
    is_shared: z.boolean().describe("Whether there can be others: by a common database or Redis."),
    is_leader: z.boolean().describe("Whether this one does what only one of them should do."),
    name: z.string().describe("Of this one, in the audit log and in what it pulls; empty where it is alone."),
  }),
  store: z.object({
    kind: z.enum(["sqlite", "postgresql"]),
    is_well: z.boolean(),
    problem: z.string().nullable(),
    answer_ms: z.number().nullable().describe("How long it took to answer; null while it does not."),
    bytes: z.number().nullable().describe("Of the database."),
  }),
  redis: redis.nullable().describe("Null where none is configured."),
  disk: z.object({
    directory: z.string().describe("The data folder."),
    size_bytes: z.number(),
    free_bytes: z.number(),
    models_bytes: z.number(),
    store_bytes: z.number().describe("Of all else in the data folder."),
  }),
  certificates: z.array(certificate).readonly(),
  license: z.string().describe("Of the platform itself."),
});

/** What a server stands on, as it is now. */
export type SystemParts = z.output<typeof output>;

/** Operations on what the server stands on. @param read never takes longer than a few seconds */
export function systemPartOperations(read: () => Promise<SystemParts>): readonly Operation[] {
  return [
    defineOperation({
      name: "system.parts",
      summary: "What this server stands on: store, Redis, disk, other replicas and certificates.",
      permission: "settings.read",
      rest: { method: "GET", path: "/api/v1/system/parts" },
      input: z.strictObject({}),
      output,
      run: () => read(),
    }),
  ];
}
