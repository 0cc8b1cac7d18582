import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { SqliteDialect } from "kysely";

/** Lets Kysely work on Node's own SQLite, which differs a little from the driver that its dialect was made for. */
export function createSqliteDialect(database: DatabaseSync): SqliteDialect {
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...parameters.map(toInputValue)),
          run: (parameters) => statement.run(...parameters.map(toInputValue)),
          iterate: (parameters) => statement.iterate(...parameters.map(toInputValue)),
        };
      },
    },
  });
}

function toInputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "bigint")
    return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite takes no value of type ${typeof value}`);
}
