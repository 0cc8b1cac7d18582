import type { LogEvent } from "kysely";

/** A query that has ended. */
export interface EndedQuery {
  /** With places for its parameters, whose values are not told. */
  readonly sql: string;
  readonly durationMs: number;
  readonly hasFailed: boolean;
}

export type QueryWatch = (query: EndedQuery) => void;

/** What Kysely tells of each query, for whoever watches. */
export function toKyselyLog(watch: QueryWatch): (event: LogEvent) => void {
  return ({ level, query, queryDurationMillis }) =>
    watch({ sql: query.sql, durationMs: queryDurationMillis, hasFailed: level === "error" });
}
