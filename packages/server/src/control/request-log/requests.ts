import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { parseNotes } from "../../core/attempt-notes.ts";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import { toRequestTimes } from "../../core/request-phases.ts";
import type { Identity } from "../../store/identity.ts";
import { type LoggedRequest, requestStatuses } from "../../store/request-log/logged-request.ts";
import type { OwnCalls, RequestFilter } from "../../store/request-log/request-filter.ts";
import type { FoundRequest, RequestLog } from "../../store/request-log/request-log.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { toUsageRow, usageRow } from "../usage-records.ts";
import { findOwners } from "./own-calls.ts";
import { readPage } from "./request-pages.ts";
import {
  candidateRow,
  requestRow,
  timesRow,
  toCandidateRow,
  toRequestRow,
  toTimesRow,
} from "./request-fields.ts";

export interface RequestOperationParts {
  readonly log: RequestLog;
  readonly identity: Pick<Identity, "users" | "apiKeys">;
}

const time = z.iso.datetime({ offset: true });
const count = z.coerce.number().int().min(0);

/** Which calls, as the API takes it. */
export const requestFilter = {
  from: time.optional().describe("Only calls whose last attempt began then or later."),
  until: time.optional(),
  model: z.string().max(512).optional().describe("As it was asked for, or as its upstream calls it."),
  integration: z.string().max(128).optional().describe("Where its last attempt went."),
  operation: z.string().max(64).optional(),
  principal: z.string().max(128).optional().describe("Name of a key, or of a user who called with a token."),
  user: z
    .string()
    .max(128)
    .optional()
    .describe("Id of a user: calls by any of their keys, and by themselves."),
  team: z.string().max(128).optional().describe("Id of a team: the same of all its users."),
  status: z.enum(requestStatuses).optional(),
  error_code: z.string().max(64).optional(),
  min_duration_ms: count.optional(),
  min_cost_micros: count.optional().describe("Of the attempt that a call ended with."),
  stream: z.union([z.boolean(), z.stringbool()]).optional(),
  search: z
    .string()
    .min(2)
    .max(128)
    .optional()
    .describe("The beginning of a request's id, or a part of the name of a model or a principal."),
};

const filterSchema = z.strictObject(requestFilter);

const listInput = filterSchema.extend({
  sort: z
    .enum(["time", "duration", "cost"])
    .default("time")
    .describe("`duration` and `cost`: the largest first, of the newest calls of the time that is asked for."),
  order: z.enum(["latest", "earliest"]).default("latest").describe("Of calls by time."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .max(128)
    .optional()
    .describe("next_cursor or previous_cursor of another page of the same question."),
});

const attemptRow = usageRow.extend({
  candidates: z.array(candidateRow).readonly().describe("What it was chosen among, in their order."),
});

/** Operations on the request log. */
export function requestOperations({ log, identity }: RequestOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "requests.list",
      summary:
        "Calls of models, those that were refused included. Without `usage.read`, one's own. A page may be short, and its next goes on: where what is asked for is rare, as many calls are looked at as can be in some milliseconds.",
      permission: "usage.read_own",
      rest: { method: "GET", path: "/api/v1/requests" },
      input: listInput,
      output: z.object({
        requests: z.array(requestRow).readonly(),
        next_cursor: z.string().nullable(),
        previous_cursor: z.string().nullable(),
        searched_from: z
          .string()
          .nullable()
          .describe("Sorted by duration or cost: calls from then on were looked at. Null for all of them."),
      }),
      run: async (input, { principal }) => {
        const owners = await findOwners(principal, identity, input);
        const page = await readPage(log, toRequestFilter(input, owners), input);
        return {
          requests: page.requests.map(toRequestRow),
          next_cursor: page.nextCursor,
          previous_cursor: page.previousCursor,
          searched_from: page.searchedFromMs === 0 ? null : new Date(page.searchedFromMs).toISOString(),
        };
      },
    }),
    defineOperation({
      name: "requests.get",
      summary:
        "One call, explained: what it was chosen among, its attempts, where its time went, tokens, cost, and how it ended. Without `usage.read`, one's own.",
      permission: "usage.read_own",
      rest: { method: "GET", path: "/api/v1/requests/{id}" },
      input: z.strictObject({ id: z.string().min(1).max(64).describe("`x-request-id` of the answer.") }),
      output: z.object({
        request: requestRow,
        times: timesRow,
        candidates: z
          .array(candidateRow)
          .readonly()
          .describe("What the last choice was among, also where none was asked."),
        attempts: z
          .array(attemptRow)
          .readonly()
          .describe("In their order; none for a call that was refused."),
      }),
      run: async ({ id }, { principal }) => {
        const found = await log.find(id);
        const owners = await findOwners(principal, identity, {});
        if (found === undefined || !isOwned(found.request, owners))
          throw new PlatformError(
            "not_found",
            `No call ${id} is kept. Its record may still be on its way, for a second or so; or it was deleted for its age, or never was a call of a model.`,
          );
        return explain(found);
      },
    }),
  ];
}

/** The same filter, as the log takes it. */
export function toRequestFilter(
  input: Partial<z.output<typeof filterSchema>>,
  owners: readonly OwnCalls[] | undefined,
): RequestFilter {
  return {
    fromMs: input.from === undefined ? undefined : Date.parse(input.from),
    untilMs: input.until === undefined ? undefined : Date.parse(input.until),
    model: input.model,
    integration: input.integration,
    operation: input.operation,
    principal: input.principal,
    owners,
    status: input.status,
    errorCode: input.error_code,
    minDurationMs: input.min_duration_ms,
    minCostMicros: input.min_cost_micros,
    stream: input.stream,
    search: input.search,
  };
}

/** Whether a call is of one of them; undefined is everybody. */
export function isOwned(
  { principal, place }: Pick<LoggedRequest, "principal" | "place">,
  owners: readonly OwnCalls[] | undefined,
): boolean {
  return (
    owners === undefined || owners.some((each) => each.principal === principal && place.atMs >= each.fromMs)
  );
}

function explain({ request, attempts }: FoundRequest) {
  const { refused } = request;
  const last = attempts.at(-1);
  return {
    request: toRequestRow(request),
    times: toTimesRow(toRequestTimes(attempts, refused)),
    candidates:
      refused === undefined
        ? last === undefined
          ? []
          : candidatesOf(last)
        : (parseNotes(refused.notes).candidates ?? []).map(toCandidateRow),
    attempts: attempts.map((attempt) => ({ ...toUsageRow(attempt), candidates: candidatesOf(attempt) })),
  };
}

/** Where there was but one, nothing was noted. */
function candidatesOf({ notes, integration, upstreamModel }: LedgerRecord) {
  const { candidates } = parseNotes(notes);
  const target = `${integration}/${upstreamModel}`;
  return (candidates ?? [{ target, verdict: "chosen", breaker: "closed", share: 1 } as const]).map(
    toCandidateRow,
  );
}
