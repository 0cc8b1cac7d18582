import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { RefusedCallRow, Tables, UsageRow } from "../tables.ts";
import { ledgerCost, ledgerDuration } from "./request-filter.ts";
import {
  compareIds,
  findBound,
  logTables,
  type RequestRow,
  type TableName,
  type TableWalk,
  toAnsweredRow,
  toRefusedRow,
  within,
} from "./request-page.ts";

/** Figures that calls can be sorted by, the largest first. */
export type SortedBy = "duration" | "cost";

/** A place in an order by a figure: larger ones first, and of equal ones by the id. */
export interface RankPlace {
  readonly value: number;
  readonly requestId: string;
}

export interface RankQuestion extends TableWalk {
  readonly by: SortedBy;
  /** Only what comes behind it. */
  readonly behind: RankPlace | undefined;
}

export interface Ranking {
  readonly ranked: readonly { readonly value: number; readonly row: RequestRow }[];
  /** Calls from then on were looked at. */
  readonly fromMs: number;
}

/** A refused call costs nothing, and what has no cost comes last. */
const values = {
  duration: { usage_ledger: ledgerDuration, refused_calls: sql<number>`duration_ms` },
  cost: { usage_ledger: ledgerCost, refused_calls: sql<number>`-1` },
} as const;

/** Up to `limit` of the newest calls of a stretch, by a figure. */
export async function rankNewest(database: Kysely<Tables>, question: RankQuestion): Promise<Ranking> {
  const { stretch, limit } = question;
  const bounds = await Promise.all([
    findBound(database, "usage_ledger", stretch),
    findBound(database, "refused_calls", stretch),
  ]);
  const reached = bounds.map((bound) => (bound === undefined ? 0 : bound.atMs + 1));
  const fromMs = Math.max(stretch.fromMs, ...reached);
  const bounded = { ...question, stretch: { ...stretch, fromMs } };
  const [answered, refused] = await Promise.all([
    rankTable<UsageRow>(database, "usage_ledger", bounded),
    rankTable<RefusedCallRow>(database, "refused_calls", bounded),
  ]);
  const ranked = [
    ...answered.map((row) => ({ value: row.rank_value, row: toAnsweredRow(row) })),
    ...refused.map((row) => ({ value: row.rank_value, row: toRefusedRow(row) })),
  ].sort((a, b) => b.value - a.value || compareIds(b.row.place.requestId, a.row.place.requestId));
  return { ranked: ranked.slice(0, limit), fromMs };
}

async function rankTable<Row>(
  database: Kysely<Tables>,
  name: TableName,
  { filter, stretch, limit, by, behind }: RankQuestion,
): Promise<readonly (Row & { readonly rank_value: number })[]> {
  const { id, condition } = logTables[name];
  const value = values[by][name];
  const { rows } = await sql<Row & { readonly rank_value: number }>`
    SELECT *, ${value} AS rank_value FROM ${sql.table(name)}
    WHERE ${within(name, stretch)} AND ${behindRank(value, sql.ref(id), behind)} AND ${condition(filter)}
    ORDER BY rank_value DESC, ${sql.ref(id)} DESC LIMIT ${sql.lit(limit)}`.execute(database);
  return rows;
}

function behindRank(
  value: RawBuilder<number>,
  id: RawBuilder<unknown>,
  behind: RankPlace | undefined,
): RawBuilder<SqlBool> {
  if (behind === undefined) return sql`1 = 1`;
  return sql`(${value} < ${behind.value} OR (${value} = ${behind.value} AND ${id} < ${behind.requestId}))`;
}
