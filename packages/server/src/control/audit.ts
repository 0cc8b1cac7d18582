import { z } from "zod";
import { chainFaults } from "../core/audit-chain.ts";
import {
  actorKinds,
  type AuditHead,
  auditOutcomes,
  type AuditRecord,
  type ChainHead,
} from "../core/audit-record.ts";
import { sealFaults } from "../core/usage-seal.ts";
import type { AuditLog } from "../store/audit-log.ts";
import { auditSinkNames } from "../store/audit-sink.ts";
import type { AuditPlace, AuditTable } from "../store/audit-table.ts";
import type { AuditVerdict } from "../store/audit-verify.ts";
import type { BadSeal, SealVerdict } from "../store/usage-seal-check.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface AuditOperationParts {
  readonly table: Pick<AuditTable, "list">;
  readonly log: Pick<AuditLog, "head" | "verify">;
  /** The chain that this server writes. */
  readonly chain: string;
  /** Looks at the ledger by the seals up to these records. */
  checkSeals(heads: readonly Pick<ChainHead, "chain" | "sequence">[]): Promise<SealVerdict>;
}

const chainText = z
  .string()
  .describe("Which server's chain of records it is; empty where one server has the database for itself.");

const recordSchema = z.object({
  chain: chainText,
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

/** `time.sequence.chain`; the chain has no dot, or is empty. */
const cursorSchema = z
  .string()
  .max(128)
  .transform((text, context) => {
    const [, time, of, chain] = /^(\d{1,15})\.(\d{1,15})\.([\w-]*)$/.exec(text) ?? [];
    if (time !== undefined && of !== undefined && chain !== undefined)
      return { timeMs: Number(time), sequence: Number(of), chain };
    context.addIssue({ code: "custom", message: "must be next_cursor of the page before" });
    return z.NEVER;
  });

const verdictSchema = z.object({
  ok: z.boolean(),
  records: z.number().describe("Sound ones, of the chain of the server that answers."),
  head: z.object({ chain: chainText, sequence: z.number(), hash: z.string() }),
  first_bad: z
    .object({
      chain: chainText,
      sequence: z.number(),
      sink: z.enum([...auditSinkNames, "both"]),
      reason: z.enum(Object.keys(chainFaults)),
      detail: z.string(),
    })
    .nullable()
    .describe("The first record that is not as it was written."),
  sinks: z.array(z.object({ name: z.enum(auditSinkNames), records: z.number() })).readonly(),
  others: z
    .array(z.object({ chain: chainText, records: z.number(), ok: z.boolean() }))
    .readonly()
    .describe("Chains of other servers with the same database, as far as they are in it."),
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
          chain: chainText,
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
export function auditOperations({
  table,
  log,
  chain,
  checkSeals,
}: AuditOperationParts): readonly Operation[] {
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
        cursor: cursorSchema.optional().describe("next_cursor of the page before."),
      }),
      output: z.object({ records: z.array(recordSchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ from, to, limit, cursor, ...filter }) => {
        const records = await table.list({
          ...filter,
          fromMs: from === undefined ? undefined : Date.parse(from),
          untilMs: to === undefined ? undefined : Date.parse(to),
          before: cursor,
          limit: limit + 1,
        });
        const page = records.slice(0, limit);
        const last = records.length > limit ? page.at(-1) : undefined;
        return {
          records: page.map(toRow),
          next_cursor: last === undefined ? null : formatPlace(last),
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
        chain: chainText,
        sequence: z.number().describe("0 while there is no record."),
        hash: z.string(),
      }),
      run: async () => toHead(chain, log.head ?? (await log.verify())[0].head),
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
          chain: z
            .string()
            .max(64)
            .optional()
            .describe("Of the same record. Absent: that of the server that answers."),
        })
        .refine((input) => (input.sequence === undefined) === (input.hash === undefined), {
          message: "a record is noted by both, its sequence number and its hash",
          path: ["hash"],
        }),
      output: verdictSchema,
      run: async (input) => {
        const { sequence: noted, hash, chain: of = chain } = input;
        const anchors =
          noted === undefined || hash === undefined ? [] : [{ chain: of, sequence: noted, hash }];
        const verdicts = await log.verify(anchors);
        const heads = verdicts.map((verdict) => ({ ...verdict.head, chain: verdict.chain }));
        return formatVerdict(verdicts, await checkSeals(heads));
      },
    }),
  ];
}

/** A verdict in the words of the API. The first is of the server's own chain. */
export function formatVerdict(
  verdicts: readonly [AuditVerdict, ...AuditVerdict[]],
  seals: SealVerdict,
): z.output<typeof verdictSchema> {
  const [own, ...others] = verdicts;
  const bad = verdicts.find(({ firstBad }) => firstBad !== undefined);
  return {
    ok: bad === undefined && seals.firstBad === undefined,
    records: own.records,
    head: toHead(own.chain, own.head),
    first_bad:
      bad?.firstBad === undefined
        ? null
        : {
            chain: bad.chain,
            sequence: bad.firstBad.sequence,
            sink: bad.firstBad.sink,
            reason: bad.firstBad.reason,
            detail: chainFaults[bad.firstBad.reason],
          },
    sinks: own.sinks,
    others: others.map(({ chain, records, firstBad }) => ({ chain, records, ok: firstBad === undefined })),
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
  const { chain, sequence: of, firstId, lastId, reason } = bad;
  return { chain, sequence: of, first_id: firstId, last_id: lastId, reason, detail: sealFaults[reason] };
}

function toHead(chain: string, { sequence: last, hash }: AuditHead): ChainHead {
  return { chain, sequence: last, hash };
}

function formatPlace({ timeMs, sequence: of, chain }: AuditPlace): string {
  return `${timeMs}.${of}.${chain}`;
}

function toRow(record: AuditRecord): z.output<typeof recordSchema> {
  const { id, name, kind, userId } = record.actor;
  return {
    chain: record.chain,
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
