import { type RawBuilder, type SqlBool, sql } from "kysely";
import { requestTimesOf } from "../../core/request-time.ts";
import { successes } from "../../core/stream-ends.ts";
import type { EndedStatus } from "./logged-request.ts";

/** Calls of a principal, from when on they are somebody's: a name may have been somebody else's before. */
export interface OwnCalls {
  readonly principal: string;
  /** Since the epoch. */
  readonly fromMs: number;
}

/** Which calls. Everything that is given must hold. */
export interface RequestFilter {
  /** At this wall time or later. */
  readonly fromMs?: number | undefined;
  /** Before this wall time. */
  readonly untilMs?: number | undefined;
  /** As it was asked for, or as its upstream calls it. */
  readonly model?: string | undefined;
  readonly integration?: string | undefined;
  readonly operation?: string | undefined;
  readonly principal?: string | undefined;
  /** Calls of any of these. */
  readonly owners?: readonly OwnCalls[] | undefined;
  readonly status?: EndedStatus | undefined;
  readonly errorCode?: string | undefined;
  readonly minDurationMs?: number | undefined;
  /** Of the attempt that the call ended with. */
  readonly minCostMicros?: number | undefined;
  readonly stream?: boolean | undefined;
  /** The beginning of a request's id, or a part of the name of a model or a principal. */
  readonly search?: string | undefined;
}

/** From the arrival of the call to its end. */
export const ledgerDuration = sql<number>`duration_ms + coalesce(before_ms, 0)`;
/** What has no cost comes after what is free. */
export const ledgerCost = sql<number>`coalesce(cost_micros, -1)`;

type Condition = RawBuilder<SqlBool>;

/** Attempts that calls ended with. */
export function ledgerCondition(filter: RequestFilter): Condition {
  const { model, integration, status, minDurationMs, minCostMicros, search } = filter;
  return allOf([
    sql`ends_call = 1`,
    ...sharedConditions(filter),
    ...when(model, (name) => sql`(requested_model = ${name} OR upstream_model = ${name})`),
    ...when(integration, (name) => sql`integration = ${name}`),
    ...when(status, toOutcomes),
    ...when(minDurationMs, (least) => sql`${ledgerDuration} >= ${least}`),
    ...when(minCostMicros, (least) => sql`cost_micros >= ${least}`),
    ...when(search, (text) =>
      toSearch(text, "attempt_id", ["requested_model", "upstream_model", "principal"]),
    ),
  ]);
}

/** Calls that ended without a reply: at no integration, and at no cost of the end. */
export function refusedCondition(filter: RequestFilter): Condition {
  const { model, integration, status, minDurationMs, minCostMicros, search } = filter;
  return allOf([
    ...(integration !== undefined || minCostMicros !== undefined ? [nothing] : []),
    ...sharedConditions(filter),
    ...when(model, (name) => sql`requested_model = ${name}`),
    ...when(status, toRefusals),
    ...when(minDurationMs, (least) => sql`duration_ms >= ${least}`),
    ...when(search, (text) => toSearch(text, "request_id", ["requested_model", "principal"])),
  ]);
}

/** About columns that both tables have. */
function sharedConditions(filter: RequestFilter): readonly Condition[] {
  const { operation, principal, owners, errorCode, stream } = filter;
  return [
    ...when(operation, (name) => sql`operation = ${name}`),
    ...when(principal, (name) => sql`principal = ${name}`),
    ...when(owners, (each) => anyOf(each.map(toOwned))),
    ...when(errorCode, (code) => sql`error_code = ${code}`),
    ...when(stream, (isStream) => sql`stream = ${isStream ? 1 : 0}`),
  ];
}

function toOwned({ principal, fromMs }: OwnCalls): Condition {
  return sql`(principal = ${principal} AND started_at_ms >= ${fromMs})`;
}

function toOutcomes(status: EndedStatus): Condition {
  const good = sql.join([...successes]);
  switch (status) {
    case "ok":
      return sql`outcome IN (${good})`;
    case "cancelled":
      return sql`outcome = ${cancelled}`;
    case "failed":
      return sql`outcome NOT IN (${good}, ${cancelled})`;
    case "refused":
      return nothing;
  }
}

function toRefusals(status: EndedStatus): Condition {
  switch (status) {
    case "ok":
      return nothing;
    case "cancelled":
      return sql`error_code = ${cancelled}`;
    case "failed":
      return sql`(attempts > 0 AND error_code <> ${cancelled})`;
    case "refused":
      return sql`(attempts = 0 AND error_code <> ${cancelled})`;
  }
}

const cancelled = "client_cancelled";
const nothing: Condition = sql`1 = 0`;

function toSearch(text: string, id: string, names: readonly string[]): Condition {
  const column = sql.ref(id);
  // Ids are of ASCII, and none has a tilde.
  if (text.startsWith("req_")) return sql`(${column} >= ${text} AND ${column} < ${`${text}~`})`;
  const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  return anyOf(names.map((name) => sql`lower(${sql.ref(name)}) LIKE ${pattern} ESCAPE '\\'`));
}

function when<Value>(
  value: Value | undefined,
  toCondition: (value: Value) => Condition,
): readonly Condition[] {
  return value === undefined ? [] : [toCondition(value)];
}

function allOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`1 = 1` : sql.join([...conditions], sql` AND `);
}

function anyOf(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? nothing : sql`(${sql.join([...conditions], sql` OR `)})`;
}

/** The span of time that a filter leaves: an id that begins with a time says when it was. */
export function timesOf({ fromMs, untilMs, search }: RequestFilter): {
  readonly fromMs: number;
  readonly untilMs: number;
} {
  const times = search === undefined ? undefined : requestTimesOf(search);
  return {
    fromMs: Math.max(fromMs ?? 0, times?.fromMs ?? 0),
    untilMs: Math.min(
      untilMs ?? Number.MAX_SAFE_INTEGER,
      times === undefined ? Number.MAX_SAFE_INTEGER : times.untilMs + longestCallMs,
    ),
  };
}

/** Behind the arrival of a call its last attempt begins by then. */
export const longestCallMs = 86_400_000;
