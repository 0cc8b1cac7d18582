import { type RawBuilder, sql } from "kysely";

/** What one replica at a time does. The numbers are those of PostgreSQL's advisory locks, under one of the platform's own. */
const advisoryLocks = {
  schema: 1,
  ledger: 2,
  events: 3,
  secrets: 4,
  vault: 5,
  seals: 6,
  first_user: 7,
  saved_config: 8,
  routes: 9,
} as const;

const platform = 0x6c_6c_6d_70;

/** Waits for a lock, and holds it until the transaction ends. */
export function lockFor(what: keyof typeof advisoryLocks): RawBuilder<unknown> {
  return sql`SELECT pg_advisory_xact_lock(${sql.lit(platform)}, ${sql.lit(advisoryLocks[what])})`;
}

/** Takes a lock that nobody has, and holds it until the transaction ends. */
export function tryLockFor(what: keyof typeof advisoryLocks): RawBuilder<{ readonly is_held: boolean }> {
  return sql`SELECT pg_try_advisory_xact_lock(${sql.lit(platform)}, ${sql.lit(advisoryLocks[what])}) AS is_held`;
}
