import type { Kysely } from "kysely";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { RefusedCall } from "../../core/refused-call.ts";
import { requestTimeMs } from "../../core/request-time.ts";
import { toLedgerRecord } from "../ledger-row.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import { type LoggedRequest, type RequestPlace, toAnswered, toRefused } from "./logged-request.ts";
import { insertRefused } from "./refused-rows.ts";
import { longestCallMs, type RequestFilter, timesOf } from "./request-filter.ts";
import { type RequestRow, toAnsweredRow, toRefusedRow, walkByTime } from "./request-page.ts";
import { type RankPlace, rankNewest, type SortedBy } from "./request-rank.ts";

export interface RequestPageQuery {
  readonly filter: RequestFilter;
  readonly limit: number;
  /** `latest` first, or `earliest`. */
  readonly order: "latest" | "earliest";
  /** Only what is strictly behind it in that order. */
  readonly behind?: RequestPlace | undefined;
}

export interface RequestPage {
  readonly requests: readonly LoggedRequest[];
  /**
   * How far was looked where that is not the end: further calls may be behind it. A page may be short, and even empty,
   * when what is asked for is rare.
   */
  readonly goesOnBehind: RequestPlace | undefined;
}

export interface RequestRankQuery {
  readonly filter: RequestFilter;
  readonly limit: number;
  readonly by: SortedBy;
  readonly behind?: RankPlace | undefined;
}

export interface RequestRanking {
  readonly requests: readonly LoggedRequest[];
  /** For the next page; undefined when there is none. */
  readonly next: RankPlace | undefined;
  /** Calls from then on were looked at: in a longer time only the newest are sorted. */
  readonly searchedFromMs: number;
}

/** Everything that is known of one call. */
export interface FoundRequest {
  readonly request: LoggedRequest;
  /** In their order. */
  readonly attempts: readonly LedgerRecord[];
}

/** How far somebody who follows the log has come. */
export interface LogPosition {
  readonly ledgerId: number;
  readonly recordedAtMs: number;
}

/** The calls that were made, each with all its attempts. Every member rejects with PlatformError `unavailable`. */
export interface RequestLog {
  /** Looks at no more than a bounded number of rows, whatever the filter is. */
  list(query: RequestPageQuery): Promise<RequestPage>;
  rank(query: RequestRankQuery): Promise<RequestRanking>;
  find(requestId: string): Promise<FoundRequest | undefined>;
  /** Keeps calls that ended without a reply. */
  addRefused(calls: readonly RefusedCall[]): Promise<void>;
  /** Where the log ends now. */
  position(nowMs: number): Promise<LogPosition>;
  /** Calls that were written behind a position, the oldest first, and up to where; some may come again. */
  after(
    position: LogPosition,
    limit: number,
  ): Promise<{ readonly requests: readonly LoggedRequest[]; readonly position: LogPosition }>;
  /** Deletes refused calls that are older; resolves with how many. Attempts are the ledger's to delete. */
  pruneRefused(untilMs: number): Promise<number>;
}

/** @param replica which server this is; null where there is but one */
export function createRequestLog(database: Kysely<Tables>, replica: string | null): RequestLog {
  return {
    list: (query) => guardStorageLater(() => list(database, query)),
    rank: (query) => guardStorageLater(() => rank(database, query)),
    // Only where there are other servers the ledger stands in partitions by time.
    find: (requestId) => guardStorageLater(() => find(database, requestId, replica !== null)),
    addRefused: (calls) =>
      guardStorageLater(() => insertRefused(database, calls, { recordedAtMs: Date.now(), replica })),
    position: (nowMs) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("usage_ledger")
          .select(({ fn }) => fn.max("id").as("newest"))
          .executeTakeFirst();
        return { ledgerId: Number(row?.newest ?? 0), recordedAtMs: nowMs };
      }),
    after: (position, limit) => guardStorageLater(() => readAfter(database, position, limit)),
    pruneRefused: (untilMs) =>
      guardStorageLater(async () => {
        const result = await database
          .deleteFrom("refused_calls")
          .where("started_at_ms", "<", untilMs)
          .executeTakeFirst();
        return Number(result.numDeletedRows);
      }),
  };
}

async function list(
  database: Kysely<Tables>,
  { filter, limit, order, behind }: RequestPageQuery,
): Promise<RequestPage> {
  const stretch = { ...timesOf(filter), behind, direction: order === "latest" ? "desc" : "asc" } as const;
  const { rows, end } = await walkByTime(database, { filter, stretch, limit: limit + 1 });
  const page = rows.slice(0, limit);
  return {
    requests: await withAttempts(database, page),
    goesOnBehind: rows.length > limit ? page.at(-1)?.place : end,
  };
}

async function rank(
  database: Kysely<Tables>,
  { filter, limit, by, behind }: RequestRankQuery,
): Promise<RequestRanking> {
  const stretch = { ...timesOf(filter), behind: undefined, direction: "desc" } as const;
  const { ranked, fromMs } = await rankNewest(database, { filter, stretch, limit: limit + 1, by, behind });
  const page = ranked.slice(0, limit);
  const last = ranked.length > limit ? page.at(-1) : undefined;
  return {
    requests: await withAttempts(
      database,
      page.map(({ row }) => row),
    ),
    next: last === undefined ? undefined : { value: last.value, requestId: last.row.place.requestId },
    searchedFromMs: fromMs,
  };
}

async function find(
  database: Kysely<Tables>,
  requestId: string,
  isPartitioned: boolean,
): Promise<FoundRequest | undefined> {
  const rows = await attemptQuery(database, requestId, isPartitioned).execute();
  const refused = await database
    .selectFrom("refused_calls")
    .selectAll()
    .where("request_id", "=", requestId)
    .executeTakeFirst();
  const inOrder = rows
    .map((row) => ({ row, record: toLedgerRecord(row) }))
    .sort((a, b) => a.record.attempt - b.record.attempt);
  const attempts = inOrder.map(({ record }) => record);
  if (refused !== undefined) return { request: toRefused(refused, attempts), attempts };
  const last = inOrder.at(-1);
  return last === undefined ? undefined : { request: toAnswered(last.row, attempts), attempts };
}

/** By the index of the ids; where the id tells its time, in the partitions of that time alone. */
export function attemptQuery(database: Kysely<Tables>, requestId: string, isPartitioned: boolean) {
  const atMs = isPartitioned ? requestTimeMs(requestId) : undefined;
  const attempts = database
    .selectFrom("usage_ledger")
    .selectAll()
    .where("attempt_id", ">=", `${requestId}.`)
    .where("attempt_id", "<", `${requestId}/`);
  if (atMs === undefined) return attempts;
  return attempts
    .where("started_at_ms", ">=", atMs - clockStepMs)
    .where("started_at_ms", "<", atMs + longestCallMs);
}

/** A clock may be set back between the id and the attempt. */
const clockStepMs = 3_600_000;

/** Adds what the attempts before the last one used. */
async function withAttempts(
  database: Kysely<Tables>,
  rows: readonly RequestRow[],
): Promise<readonly LoggedRequest[]> {
  const ids = rows.flatMap(toAttemptIds);
  const tries = new Map<string, LedgerRecord[]>();
  for (let from = 0; from < ids.length; from += idsPerQuery) {
    const found = await database
      .selectFrom("usage_ledger")
      .selectAll()
      .where("attempt_id", "in", ids.slice(from, from + idsPerQuery))
      .execute();
    for (const record of found.map(toLedgerRecord)) {
      const known = tries.get(record.requestId);
      if (known === undefined) tries.set(record.requestId, [record]);
      else known.push(record);
    }
  }
  return rows.map((each) => {
    const known = (tries.get(each.place.requestId) ?? []).sort((a, b) => a.attempt - b.attempt);
    return each.type === "answered" ? toAnswered(each.row, known) : toRefused(each.row, known);
  });
}

const idsPerQuery = 500;

/** Of a call that was tried once the row says it all. */
function toAttemptIds({ type, row, place: { requestId } }: RequestRow): readonly string[] {
  const attempts = type === "answered" ? toLedgerRecord(row).attempt : row.attempts;
  if (type === "answered" && attempts === 1) return [];
  return Array.from({ length: attempts }, (_, index) => `${requestId}.${index + 1}`);
}

/** Rows of one moment may become visible a little after those of the next. */
const settleMs = 2_000;

async function readAfter(
  database: Kysely<Tables>,
  { ledgerId, recordedAtMs }: LogPosition,
  limit: number,
): Promise<{ readonly requests: readonly LoggedRequest[]; readonly position: LogPosition }> {
  const answered = await database
    .selectFrom("usage_ledger")
    .selectAll()
    .where("id", ">", ledgerId)
    .orderBy("id")
    .limit(limit)
    .execute();
  const refused = await database
    .selectFrom("refused_calls")
    .selectAll()
    .where("recorded_at_ms", ">", recordedAtMs - settleMs)
    .orderBy("recorded_at_ms")
    .limit(limit)
    .execute();
  const rows: RequestRow[] = [
    ...answered.filter((row) => row.ends_call === 1).map(toAnsweredRow),
    ...refused.map(toRefusedRow),
  ];
  return {
    requests: await withAttempts(database, rows),
    position: {
      ledgerId: answered.at(-1)?.id ?? ledgerId,
      recordedAtMs: refused.at(-1)?.recorded_at_ms ?? recordedAtMs,
    },
  };
}
