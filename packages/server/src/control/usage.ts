import { z } from "zod";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { recordedEnds } from "../core/stream-ends.ts";
import type { LedgerTable } from "../store/ledger-table.ts";
import { defineOperation, type Operation } from "./operation.ts";

const usageRow = z.object({
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
});

const filter = {
  from: z.iso.datetime({ offset: true }).optional().describe("Only attempts that began then or later."),
  until: z.iso.datetime({ offset: true }).optional().describe("Only attempts that began before."),
  integration: z.string().max(128).optional(),
  model: z.string().max(512).optional().describe("The upstream's name of the model."),
  principal: z.string().max(128).optional(),
};

const filterSchema = z.strictObject(filter);

const summaryRow = z.object({
  integration: z.string(),
  model: z.string(),
  currency: z.string().nullable().describe("Null for attempts without a known price."),
  attempts: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  cost_micros: z.number(),
});

/** Operations on the usage ledger. */
export function usageOperations(ledger: LedgerTable): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.list",
      summary: "The lines of the bill: one for each attempt, latest first.",
      permission: "usage.read",
      rest: { method: "GET", path: "/api/v1/usage" },
      input: z.strictObject({
        ...filter,
        outcome: z.enum(recordedEnds).optional(),
        request_id: z.string().max(128).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.coerce.number().int().min(0).optional().describe("next_cursor of the page before."),
      }),
      output: z.object({ usage: z.array(usageRow).readonly(), next_cursor: z.number().nullable() }),
      run: async ({ outcome, request_id, limit, cursor, ...rest }) => {
        const page = await ledger.list({ ...toFilter(rest), outcome, requestId: request_id, limit, cursor });
        return { usage: page.records.map(toRow), next_cursor: page.nextCursor };
      },
    }),
    defineOperation({
      name: "usage.summary",
      summary: "Tokens and cost by model, and how many attempts have no known price.",
      permission: "usage.read",
      rest: { method: "GET", path: "/api/v1/usage/summary" },
      input: filterSchema,
      output: z.object({
        models: z.array(summaryRow).readonly(),
        attempts: z.number(),
        unpriced_attempts: z.number(),
      }),
      run: async (input) => {
        const where = toFilter(input);
        const [models, attempts, unpriced] = await Promise.all([
          ledger.usageByModel(where),
          ledger.count(where),
          ledger.countUnknownPrice(where),
        ]);
        return {
          models: models.map((row) => ({
            integration: row.integration,
            model: row.upstreamModel,
            currency: row.currency,
            attempts: row.attempts,
            input_tokens: row.inputTokens,
            output_tokens: row.outputTokens,
            cost_micros: row.costMicros,
          })),
          attempts,
          unpriced_attempts: unpriced,
        };
      },
    }),
  ];
}

function toFilter({
  from,
  until,
  integration,
  model,
  principal,
}: z.output<typeof filterSchema>): Parameters<LedgerTable["count"]>[0] {
  return {
    fromMs: from === undefined ? undefined : Date.parse(from),
    untilMs: until === undefined ? undefined : Date.parse(until),
    integration,
    upstreamModel: model,
    principal,
  };
}

function toRow(record: LedgerRecord): z.output<typeof usageRow> {
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
  };
}
