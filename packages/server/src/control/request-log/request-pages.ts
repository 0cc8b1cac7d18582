import { PlatformError } from "@llm-platform/kit";
import type { LoggedRequest, RequestPlace } from "../../store/request-log/logged-request.ts";
import type { RequestFilter } from "../../store/request-log/request-filter.ts";
import type { RequestLog } from "../../store/request-log/request-log.ts";

export interface PageQuestion {
  readonly sort: "time" | "duration" | "cost";
  readonly order: "latest" | "earliest";
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface RequestPageAnswer {
  readonly requests: readonly LoggedRequest[];
  readonly nextCursor: string | null;
  readonly previousCursor: string | null;
  /** Since the epoch; 0 where everything was looked at. */
  readonly searchedFromMs: number;
}

/** A page of the log, and where those beside it begin. Throws PlatformError `invalid_request` for a foreign cursor. */
export function readPage(
  log: RequestLog,
  filter: RequestFilter,
  question: PageQuestion,
): Promise<RequestPageAnswer> {
  return question.sort === "time"
    ? readByTime(log, filter, question)
    : readRanking(log, filter, { ...question, by: question.sort });
}

async function readByTime(
  log: RequestLog,
  filter: RequestFilter,
  { order, limit, cursor }: PageQuestion,
): Promise<RequestPageAnswer> {
  const at = cursor === undefined ? undefined : parseTimeCursor(cursor);
  const isBackwards = at?.way === "previous";
  const walked = isBackwards ? (order === "latest" ? "earliest" : "latest") : order;
  const { requests, goesOnBehind } = await log.list({ filter, limit, order: walked, behind: at?.place });
  const page = isBackwards ? requests.toReversed() : requests;
  const onwards = goesOnBehind === undefined ? null : goesOnBehind;
  const first = page[0]?.place ?? null;
  const last = page.at(-1)?.place ?? null;
  // Where a page came from there is something on the other side of it.
  const cameFrom = at === undefined ? null : isBackwards ? last : first;
  return {
    requests: page,
    nextCursor: formatTimeCursor("next", isBackwards ? cameFrom : onwards),
    previousCursor: formatTimeCursor("previous", isBackwards ? onwards : cameFrom),
    searchedFromMs: 0,
  };
}

async function readRanking(
  log: RequestLog,
  filter: RequestFilter,
  { limit, cursor, by }: PageQuestion & { readonly by: "duration" | "cost" },
): Promise<RequestPageAnswer> {
  const at = cursor === undefined ? undefined : parseRankCursor(cursor);
  // All pages are of the calls that there were when the first one was asked for.
  const untilMs = at?.untilMs ?? Math.min(filter.untilMs ?? Number.MAX_SAFE_INTEGER, Date.now() + 1);
  const behind = at === undefined ? undefined : { value: at.value, requestId: at.requestId };
  const { requests, next, searchedFromMs } = await log.rank({
    filter: { ...filter, untilMs },
    limit,
    by,
    behind,
  });
  return {
    requests,
    nextCursor: next === undefined ? null : `rank.${untilMs}.${next.value}.${next.requestId}`,
    previousCursor: null,
    searchedFromMs,
  };
}

interface TimeCursor {
  readonly way: "next" | "previous";
  readonly place: RequestPlace;
}

function formatTimeCursor(way: TimeCursor["way"], place: RequestPlace | null): string | null {
  return place === null ? null : `${way}.${place.atMs}.${place.requestId}`;
}

function parseTimeCursor(text: string): TimeCursor {
  const [, way, atMs, requestId] = /^(next|previous)\.(\d{1,16})\.([\w-]{1,64})$/.exec(text) ?? [];
  if (atMs === undefined || requestId === undefined) throw foreignCursor();
  return { way: way === "previous" ? way : "next", place: { atMs: Number(atMs), requestId } };
}

function parseRankCursor(text: string) {
  const [, untilMs, value, requestId] = /^rank\.(\d{1,16})\.(-?\d{1,16})\.([\w-]{1,64})$/.exec(text) ?? [];
  if (requestId === undefined) throw foreignCursor();
  return { untilMs: Number(untilMs), value: Number(value), requestId };
}

function foreignCursor(): PlatformError {
  return new PlatformError(
    "invalid_request",
    "`cursor` must be next_cursor or previous_cursor of a page of the same question.",
    { field: "cursor" },
  );
}
