import { type RawBuilder, sql } from "kysely";

/** What one replica at a time does. The numbers are those of PostgreSQL's advisory locks, under one of the platform's own. */
export const advisoryLocks = { schema: 1, ledger: 2, events: 3, secrets: 4, vault: 5 } as const;

const platform = 0x6c_6c_6d_70;

/** Waits for a lock, and holds it until the transaction ends. */
export function lockFor(what: keyof typeof advisoryLocks): RawBuilder<unknown> {
  return sql`SELECT pg_advisory_xact_lock(${sql.lit(platform)}, ${sql.lit(advisoryLocks[what])})`;
}
