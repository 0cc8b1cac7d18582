import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { RefusedCallRow, Tables, UsageRow } from "../tables.ts";
import type { RequestPlace } from "./logged-request.ts";
import { ledgerCondition, type RequestFilter, refusedCondition } from "./request-filter.ts";

/** Rows of each table that are looked at for one page. Measured on SQLite: some milliseconds. */
export const mostLookedAt = 20_000;

/** One end of a stretch of the log. `atMs` alone stands for everything of that millisecond. */
export interface Stretch {
  /** Included. */
  readonly fromMs: number;
  /** Not included. */
  readonly untilMs: number;
  /** Only what is strictly behind it in the direction of the walk. */
  readonly behind: RequestPlace | undefined;
  readonly direction: "asc" | "desc";
}

export type RequestRow =
  | { readonly type: "answered"; readonly place: RequestPlace; readonly row: UsageRow }
  | { readonly type: "refused"; readonly place: RequestPlace; readonly row: RefusedCallRow };

/** What was found on a stretch. */
export interface Walk {
  /** In the direction of the walk. */
  readonly rows: readonly RequestRow[];
  /** As far as was looked; undefined when everything was. */
  readonly end: RequestPlace | undefined;
}

/** The two tables of the log, as far as walking over them goes: both are walked by time, then by id. */
export const logTables = {
  usage_ledger: { id: "attempt_id", condition: ledgerCondition },
  refused_calls: { id: "request_id", condition: refusedCondition },
} as const;

export type TableName = keyof typeof logTables;

/** Up to `limit` calls by their time. Looks at no more than a bounded number of rows, and says how far that reached. */
export async function walkByTime(
  database: Kysely<Tables>,
  {
    filter,
    stretch,
    limit,
  }: { readonly filter: RequestFilter; readonly stretch: Stretch; readonly limit: number },
): Promise<Walk> {
  const [answered, refused] = await Promise.all([
    walkTable(database, "usage_ledger", { filter, stretch, limit }),
    walkTable(database, "refused_calls", { filter, stretch, limit }),
  ]);
  const inOrder = (a: RequestPlace, b: RequestPlace) =>
    stretch.direction === "asc" ? comparePlaces(a, b) : comparePlaces(b, a);
  const ends = [answered.end, refused.end].filter((end) => end !== undefined).sort(inOrder);
  const [end] = ends;
  const rows = [...answered.rows.map(toAnsweredRow), ...refused.rows.map(toRefusedRow)]
    // Behind the end of one of the tables something may be missing.
    .filter(({ place }) => end === undefined || inOrder(place, end) <= 0)
    .sort((a, b) => inOrder(a.place, b.place));
  return { rows, end };
}

export interface TableWalk {
  readonly filter: RequestFilter;
  readonly stretch: Stretch;
  readonly limit: number;
}

interface RowOf {
  readonly usage_ledger: UsageRow;
  readonly refused_calls: RefusedCallRow;
}

async function walkTable<Name extends TableName>(
  database: Kysely<Tables>,
  name: Name,
  { filter, stretch, limit }: TableWalk,
): Promise<{ readonly rows: readonly RowOf[Name][]; readonly end: RequestPlace | undefined }> {
  const bound = await findBound(database, name, stretch);
  const { rows } = await walkQuery<RowOf[Name]>(name, { filter, stretch, limit, bound }).execute(database);
  const last = rows.at(-1);
  if (rows.length < limit || last === undefined) return { rows, end: bound };
  return { rows, end: placeOf(name, last) };
}

/** The rows of a page, by the index of the times: from where it begins to its bound. */
export function walkQuery<Row>(
  name: TableName,
  { filter, stretch, limit, bound }: TableWalk & { readonly bound: RequestPlace | undefined },
): RawBuilder<Row> {
  const { condition } = logTables[name];
  const upTo =
    bound === undefined
      ? sql<SqlBool>`1 = 1`
      : sql<SqlBool>`NOT (${behindPlace(name, bound, stretch.direction)})`;
  return sql<Row>`
    SELECT * FROM ${sql.table(name)}
    WHERE ${within(name, stretch)} AND ${timesUpTo(bound, stretch.direction)} AND ${upTo} AND ${condition(filter)}
    ${inOrder(name, stretch.direction)} LIMIT ${sql.lit(limit)}`;
}

/** The last row that may be looked at; undefined where there are not as many. */
export async function findBound(
  database: Kysely<Tables>,
  name: TableName,
  stretch: Stretch,
): Promise<RequestPlace | undefined> {
  const { rows } = await boundQuery(name, stretch).execute(database);
  const [bound] = rows;
  return bound === undefined ? undefined : { atMs: bound.at_ms, requestId: toRequestId(name, bound.id) };
}

/** Reads nothing but the index of the times. */
export function boundQuery(
  name: TableName,
  stretch: Stretch,
): RawBuilder<{ readonly at_ms: number; readonly id: string }> {
  return sql`
    SELECT started_at_ms AS at_ms, ${sql.ref(logTables[name].id)} AS id FROM ${sql.table(name)}
    WHERE ${within(name, stretch)} ${inOrder(name, stretch.direction)}
    LIMIT 1 OFFSET ${sql.lit(mostLookedAt)}`;
}

/** The rows of a stretch. */
export function within(
  name: TableName,
  { fromMs, untilMs, behind, direction }: Stretch,
): RawBuilder<SqlBool> {
  const span = sql<SqlBool>`started_at_ms >= ${fromMs} AND started_at_ms < ${untilMs}`;
  if (behind === undefined) return span;
  return sql`${span} AND ${timesBehind(behind, direction)} AND ${behindPlace(name, behind, direction)}`;
}

/** The same as the places say, for what looks at the times alone, as partitions do. */
function timesBehind({ atMs }: RequestPlace, direction: Stretch["direction"]): RawBuilder<SqlBool> {
  return direction === "asc" ? sql`started_at_ms >= ${atMs}` : sql`started_at_ms <= ${atMs}`;
}

function timesUpTo(bound: RequestPlace | undefined, direction: Stretch["direction"]): RawBuilder<SqlBool> {
  if (bound === undefined) return sql`1 = 1`;
  return direction === "asc" ? sql`started_at_ms <= ${bound.atMs}` : sql`started_at_ms >= ${bound.atMs}`;
}

/** An attempt's id is that of its request with a dot and a number: it is behind its request, and before the next sign. */
function behindPlace(
  name: TableName,
  { atMs, requestId }: RequestPlace,
  direction: Stretch["direction"],
): RawBuilder<SqlBool> {
  const id = sql.ref(logTables[name].id);
  return direction === "asc"
    ? sql`(started_at_ms, ${id}) > (${atMs}, ${`${requestId}/`})`
    : sql`(started_at_ms, ${id}) < (${atMs}, ${requestId})`;
}

function inOrder(name: TableName, direction: Stretch["direction"]): RawBuilder<unknown> {
  const way = sql.raw(direction);
  return sql`ORDER BY started_at_ms ${way}, ${sql.ref(logTables[name].id)} ${way}`;
}

export function toAnsweredRow(row: UsageRow): RequestRow {
  return { type: "answered", place: placeOf("usage_ledger", row), row };
}

export function toRefusedRow(row: RefusedCallRow): RequestRow {
  return { type: "refused", place: placeOf("refused_calls", row), row };
}

function placeOf(name: TableName, row: UsageRow | RefusedCallRow): RequestPlace {
  const id = "attempt_id" in row ? row.attempt_id : row.request_id;
  return { atMs: row.started_at_ms, requestId: toRequestId(name, id) };
}

function toRequestId(name: TableName, id: string): string {
  return name === "usage_ledger" ? id.slice(0, id.lastIndexOf(".")) : id;
}

function comparePlaces(a: RequestPlace, b: RequestPlace): number {
  return a.atMs - b.atMs || compareIds(a.requestId, b.requestId);
}

/** Byte by byte, as the database does: ids are of ASCII. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
