import { z } from "zod";
import { chainFaults } from "../core/audit-chain.ts";
import { actorKinds, auditOutcomes, type AuditRecord } from "../core/audit-record.ts";
import { sealFaults } from "../core/usage-seal.ts";
import type { AuditLog } from "../store/audit-log.ts";
import { auditSinkNames } from "../store/audit-sink.ts";
import type { AuditTable } from "../store/audit-table.ts";
import type { AuditVerdict } from "../store/audit-verify.ts";
import type { BadSeal, SealVerdict } from "../store/usage-seal-check.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface AuditOperationParts {
  readonly table: Pick<AuditTable, "list">;
  readonly log: Pick<AuditLog, "head" | "verify">;
  /** Looks at the ledger by the seals up to that record. */
  checkSeals(until: number): Promise<SealVerdict>;
}

const recordSchema = z.object({
  sequence: z.number(),
  time: z.string(),
  actor: z.object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(actorKinds),
    user: z.string().nullable(),
  }),
  address: z.string().nullable().describe("Where the call came from."),
  request_id: z.string(),
  operation: z.string(),
  target: z
    .object({ type: z.string(), id: z.string().nullable(), name: z.string().nullable() })
    .nullable()
    .describe("What was acted on."),
  outcome: z
    .enum(auditOutcomes)
    .describe("A change has two records: `started`, and what came of it with the same request_id."),
  error_code: z.string().nullable(),
  before: z.unknown().describe("How it was, without secrets."),
  after: z.unknown().describe("How it was then; in a record of a start, what was asked for."),
  hash: z.string(),
});

const sequence = z.number().int().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case");

const verdictSchema = z.object({
  ok: z.boolean(),
  records: z.number().describe("Sound ones."),
  head: z.object({ sequence: z.number(), hash: z.string() }),
  first_bad: z
    .object({
      sequence: z.number(),
      sink: z.enum([...auditSinkNames, "both"]),
      reason: z.enum(Object.keys(chainFaults)),
      detail: z.string(),
    })
    .nullable()
    .describe("The first record that is not as it was written."),
  sinks: z.array(z.object({ name: z.enum(auditSinkNames), records: z.number() })).readonly(),
  usage: z
    .object({
      seals: z.number().describe("Sound ones."),
      records: z.number().describe("Records of calls that are as they were sealed."),
      records_not_kept: z
        .number()
        .describe(
          "Sealed records of calls that were deleted for their age, and those sealed together with them.",
        ),
      first_bad: z
        .object({
          sequence: z.number().describe("Of the seal in the audit log."),
          first_id: z.number(),
          last_id: z.number(),
          reason: z.enum(Object.keys(sealFaults)),
          detail: z.string(),
        })
        .nullable()
        .describe("Between which records of calls the first lies that is not as it was sealed."),
    })
    .describe("The usage ledger, by its seals in the audit log."),
});

/** Operations on the audit log. */
export function auditOperations({ table, log, checkSeals }: AuditOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "audit.list",
      summary: "Who changed what, or was refused, latest first.",
      permission: "audit.read",
      rest: { method: "GET", path: "/api/v1/audit" },
      input: z.strictObject({
        actor: z.string().max(128).optional().describe("Id or name of who acted."),
        operation: z
          .string()
          .max(128)
          .optional()
          .describe("Default: all but `usage.sealed`, the seals of the usage ledger."),
        target: z.string().max(512).optional().describe("Id or name of what was acted on."),
        from: z.iso.datetime({ offset: true }).optional().describe("Only records of then or later."),
        to: z.iso.datetime({ offset: true }).optional().describe("Only records before."),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().min(1).optional().describe("next_cursor of the page before."),
      }),
      output: z.object({ records: z.array(recordSchema).readonly(), next_cursor: z.number().nullable() }),
      run: async ({ from, to, limit, cursor, ...filter }) => {
        const records = await table.list({
          ...filter,
          fromMs: from === undefined ? undefined : Date.parse(from),
          untilMs: to === undefined ? undefined : Date.parse(to),
          before: cursor,
          limit: limit + 1,
        });
        const page = records.slice(0, limit);
        return {
          records: page.map(toRow),
          next_cursor: records.length > limit ? (page.at(-1)?.sequence ?? null) : null,
        };
      },
    }),
    defineOperation({
      name: "audit.head",
      summary: "The last record of the audit log by sequence number and hash, to be noted elsewhere.",
      permission: "audit.read",
      rest: { method: "GET", path: "/api/v1/audit/head" },
      input: z.strictObject({}),
      output: z.object({
        sequence: z.number().describe("0 while there is no record."),
        hash: z.string(),
      }),
      run: async () => toHead(log.head ?? (await log.verify()).head),
    }),
    defineOperation({
      name: "audit.verify",
      summary:
        "Looks whether the audit log, and the records of calls that it seals, are as they were written, and names the first record that is not.",
      permission: "audit.read",
      rest: { method: "POST", path: "/api/v1/audit/verify" },
      audit: "reads",
      input: z
        .strictObject({
          sequence: sequence.optional().describe("Of a record that was noted elsewhere."),
          hash: sha256.optional().describe("Of the same record."),
        })
        .refine((input) => (input.sequence === undefined) === (input.hash === undefined), {
          message: "a record is noted by both, its sequence number and its hash",
          path: ["hash"],
        }),
      output: verdictSchema,
      run: async (input) => {
        const { sequence: noted, hash } = input;
        const anchors = noted === undefined || hash === undefined ? [] : [{ sequence: noted, hash }];
        const verdict = await log.verify(anchors);
        return formatVerdict(verdict, await checkSeals(verdict.head.sequence));
      },
    }),
  ];
}

/** A verdict in the words of the API. */
export function formatVerdict(
  { records, head, firstBad, sinks }: AuditVerdict,
  seals: SealVerdict,
): z.output<typeof verdictSchema> {
  return {
    ok: firstBad === undefined && seals.firstBad === undefined,
    records,
    head: toHead(head),
    first_bad:
      firstBad === undefined
        ? null
        : {
            sequence: firstBad.sequence,
            sink: firstBad.sink,
            reason: firstBad.reason,
            detail: chainFaults[firstBad.reason],
          },
    sinks,
    usage: {
      seals: seals.seals,
      records: seals.rows,
      records_not_kept: seals.rowsNotKept,
      first_bad: formatBadSeal(seals.firstBad),
    },
  };
}

function formatBadSeal(bad: BadSeal | undefined): z.output<typeof verdictSchema>["usage"]["first_bad"] {
  if (bad === undefined) return null;
  const { sequence: of, firstId, lastId, reason } = bad;
  return { sequence: of, first_id: firstId, last_id: lastId, reason, detail: sealFaults[reason] };
}

function toHead({ sequence: last, hash }: { readonly sequence: number; readonly hash: string }) {
  return { sequence: last, hash };
}

function toRow(record: AuditRecord): z.output<typeof recordSchema> {
  const { id, name, kind, userId } = record.actor;
  return {
    sequence: record.sequence,
    time: new Date(record.timeMs).toISOString(),
    actor: { id, name, kind, user: userId },
    address: record.address,
    request_id: record.requestId,
    operation: record.operation,
    target: record.target,
    outcome: record.outcome,
    error_code: record.errorCode,
    before: record.before,
    after: record.after,
    hash: record.hash,
  };
}
