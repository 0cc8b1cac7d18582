import { z } from "zod";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { recordedEnds } from "../core/stream-ends.ts";
import type { LedgerCursor, LedgerFilter, LedgerTable } from "../store/ledger-table.ts";
import { idList, within } from "./id-list.ts";
import { defineOperation, type Operation } from "./operation.ts";

export const usageRow = z.object({
  attempt_id: z.string(),
  request_id: z.string(),
  attempt: z.number(),
  started_at: z.string(),
  duration_ms: z.number(),
  first_byte_ms: z.number().nullable(),
  principal: z.string(),
  operation: z.string(),
  requested_model: z.string(),
  integration: z.string(),
  provider: z.string(),
  upstream_model: z.string(),
  stream: z.boolean(),
  outcome: z.enum(recordedEnds),
  http_status: z.number().nullable(),
  error_code: z.string().nullable(),
  input_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cache_read_tokens: z.number().nullable(),
  cache_write_tokens: z.number().nullable(),
  reasoning_tokens: z.number().nullable(),
  usage_source: z.enum(["reported", "estimated", "none"]),
  cost_micros: z
    .number()
    .nullable()
    .describe("Millionths of the currency; null when the price is not known."),
  currency: z.string().nullable(),
  price_version: z.string().nullable().describe("Name of the price that the cost was reckoned with."),
});

type UsageRecordRow = z.output<typeof usageRow>;

/** What is known of a record, in the order of a table's columns. */
export const recordColumns = usageRow.keyof().options;

/** A place in the ledger, as the API writes it. */
export const cursorSchema = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/, "must be next_cursor of the page before")
  .transform((text): LedgerCursor => {
    const [startedAtMs = "", id = ""] = text.split("-");
    return { startedAtMs: Number(startedAtMs), id: Number(id) };
  });

/** Which records, as the API takes it. */
export const recordFilter = {
  from: z.iso.datetime({ offset: true }).optional().describe("Only attempts that began then or later."),
  until: z.iso.datetime({ offset: true }).optional().describe("Only attempts that began before."),
  integration: z.string().max(128).optional(),
  model: z.string().max(512).optional().describe("The upstream's name of the model."),
  principal: z.string().max(128).optional(),
  outcome: z.enum(recordedEnds).optional(),
  request_id: z.string().max(128).optional(),
  request_ids: idList("Only attempts of these calls.").optional(),
  attempt: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Only the attempts with this number: 1 for the first of each call."),
};

const filterSchema = z.strictObject(recordFilter);

/** Operations on the records of the usage ledger. */
export function usageRecordOperations(ledger: LedgerTable): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.list",
      summary: "The lines of the bill: one for each attempt, latest first.",
      permission: "usage.read",
      rest: { method: "GET", path: "/api/v1/usage/records" },
      input: z.strictObject({
        ...recordFilter,
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z
          .string()
          .optional()
          .describe("next_cursor of the page before.")
          .pipe(cursorSchema.optional()),
      }),
      output: z.object({ usage: z.array(usageRow).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ limit, cursor, ...filter }) => {
        const { records, nextCursor } = await ledger.list({ ...toFilter(filter), limit, cursor });
        return {
          usage: records.map(toUsageRow),
          next_cursor: nextCursor === null ? null : formatCursor(nextCursor),
        };
      },
    }),
  ];
}

export function formatCursor({ startedAtMs, id }: LedgerCursor): string {
  return `${startedAtMs}-${id}`;
}

/** The same filter, as the ledger takes it. */
export function toFilter({
  from,
  until,
  integration,
  model,
  principal,
  outcome,
  request_id,
  request_ids,
  attempt,
}: z.output<typeof filterSchema>): LedgerFilter {
  return {
    fromMs: from === undefined ? undefined : Date.parse(from),
    untilMs: until === undefined ? undefined : Date.parse(until),
    integration,
    upstreamModel: model,
    principal,
    outcome,
    requestIds: within(request_id, request_ids),
    attempt,
  };
}

/** A record as the API gives it. */
export function toUsageRow(record: LedgerRecord): UsageRecordRow {
  return {
    attempt_id: record.attemptId,
    request_id: record.requestId,
    attempt: record.attempt,
    started_at: new Date(record.startedAtMs).toISOString(),
    duration_ms: record.durationMs,
    first_byte_ms: record.firstByteMs,
    principal: record.principal,
    operation: record.operation,
    requested_model: record.requestedModel,
    integration: record.integration,
    provider: record.provider,
    upstream_model: record.upstreamModel,
    stream: record.stream,
    outcome: record.outcome,
    http_status: record.httpStatus,
    error_code: record.errorCode,
    input_tokens: record.inputTokens,
    output_tokens: record.outputTokens,
    cache_read_tokens: record.cacheReadTokens,
    cache_write_tokens: record.cacheWriteTokens,
    reasoning_tokens: record.reasoningTokens,
    usage_source: record.usageSource,
    cost_micros: record.costMicros,
    currency: record.currency,
    price_version: record.priceVersion,
  };
}
