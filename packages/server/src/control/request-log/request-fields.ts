import { z } from "zod";
import { candidateVerdicts, type CandidateNote } from "../../core/attempt-notes.ts";
import { phaseNames, type RequestTimes } from "../../core/request-phases.ts";
import { recordedEnds } from "../../core/stream-ends.ts";
import { everyStatus, type LoggedRequest } from "../../store/request-log/logged-request.ts";

/** A call as the API lists it. */
export const requestRow = z.object({
  id: z.string().describe("As every answer has it in `x-request-id`."),
  started_at: z.string().describe("When it arrived."),
  duration_ms: z.number().describe("From its arrival to its end."),
  status: z
    .enum(everyStatus)
    .describe(
      "`refused` reached no upstream, `failed` did; `cancelled` was given up by its client; `unfinished` is between two attempts, or its server ended there.",
    ),
  outcome: z
    .enum(recordedEnds)
    .nullable()
    .describe("How its last attempt ended; null for a call without a reply."),
  principal: z.string(),
  operation: z.string(),
  requested_model: z.string().describe("Empty where the request could not be read."),
  integration: z.string().nullable().describe("Where its last attempt went."),
  provider: z.string().nullable(),
  upstream_model: z.string().nullable(),
  stream: z.boolean(),
  attempt_count: z.number(),
  http_status: z
    .number()
    .nullable()
    .describe("Of the upstream; for a call without a reply what its client was told."),
  error_code: z.string().nullable(),
  message: z.string().nullable().describe("What the client of a call without a reply was told."),
  first_byte_ms: z.number().nullable().describe("From its arrival to the first content."),
  input_tokens: z.number().describe("Of all attempts."),
  output_tokens: z.number(),
  costs: z
    .array(z.object({ currency: z.string(), cost_micros: z.number() }))
    .readonly()
    .describe("Of all attempts, in millionths."),
  unpriced_attempts: z.number().describe("Attempts that used tokens of which the price is not known."),
  replica: z.string().nullable().describe("The server that served it; null where there is but one."),
});

export type RequestRow = z.output<typeof requestRow>;

export function toRequestRow(request: LoggedRequest): RequestRow {
  const { last, refused } = request;
  const beforeMs = last?.beforeMs ?? 0;
  return {
    id: request.requestId,
    started_at: new Date(request.startedAtMs).toISOString(),
    duration_ms: request.durationMs,
    status: request.status,
    outcome: last?.outcome ?? null,
    principal: request.principal,
    operation: request.operation,
    requested_model: request.requestedModel,
    integration: last?.integration ?? null,
    provider: last?.provider ?? null,
    upstream_model: last?.upstreamModel ?? null,
    stream: request.stream,
    attempt_count: request.attempts,
    http_status: last?.httpStatus ?? refused?.httpStatus ?? null,
    error_code: last?.errorCode ?? refused?.errorCode ?? null,
    message: refused?.message ?? null,
    first_byte_ms: last === undefined || last.firstByteMs === null ? null : beforeMs + last.firstByteMs,
    input_tokens: request.inputTokens,
    output_tokens: request.outputTokens,
    costs: request.costs.map(({ currency, costMicros }) => ({ currency, cost_micros: costMicros })),
    unpriced_attempts: request.unpricedAttempts,
    replica: request.replica,
  };
}

export const candidateRow = z.object({
  target: z.string().describe("`integration/model`."),
  verdict: z.enum(candidateVerdicts).describe("Why it was asked, or was not."),
  breaker: z.enum(["closed", "half_open", "open"]).describe("The state of its circuit breaker then."),
  share: z
    .number()
    .nullable()
    .describe("Its part of the calls among its equals, 0 to 1; null for a fallback."),
});

export function toCandidateRow({
  target,
  verdict,
  breaker,
  share,
}: CandidateNote): z.output<typeof candidateRow> {
  return { target, verdict, breaker, share };
}

export const timesRow = z.object({
  total_us: z.number(),
  phases: z
    .array(
      z.object({
        phase: z.enum(phaseNames),
        attempt: z.number().nullable(),
        start_us: z.number().describe("From the arrival of the call."),
        duration_us: z.number(),
      }),
    )
    .readonly()
    .describe("They follow on each other; what took less than a microsecond is left out."),
});

export function toTimesRow({ totalUs, phases }: RequestTimes): z.output<typeof timesRow> {
  return {
    total_us: totalUs,
    phases: phases.map(({ name, attempt, startUs, durationUs }) => ({
      phase: name,
      attempt,
      start_us: startUs,
      duration_us: durationUs,
    })),
  };
}
