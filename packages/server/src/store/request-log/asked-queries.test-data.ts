import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Tables } from "../tables.ts";

/** Asks a database something. */
export type AskDatabase = (database: Kysely<Tables>) => Promise<unknown>;

/** What is asked of a database in `act`, which is answered with nothing. */
export async function queriesOf(
  engine: "sqlite" | "postgres",
  act: AskDatabase,
): Promise<readonly CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const isSqlite = engine === "sqlite";
  const database = new Kysely<Tables>({
    dialect: {
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => (isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db)),
      createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    },
    log: ({ query }) => void queries.push(query),
  });
  await act(database);
  return queries;
}

/** The statement with its values in it. */
export function inlined({ sql, parameters }: CompiledQuery): string {
  let next = 0;
  return sql.replaceAll(/\?|\$(\d+)/g, (_sign, number?: string) => {
    const value = parameters[number === undefined ? next++ : Number(number) - 1];
    return typeof value === "number" ? String(value) : `'${String(value)}'`;
  });
}
