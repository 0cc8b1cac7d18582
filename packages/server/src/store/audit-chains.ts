import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";

/** The chains that have records in the database. It looks up each of them, and does not read what they hold. */
export async function listChains(database: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly chain: string }>`
    WITH RECURSIVE chains (chain) AS (
      SELECT min(chain) FROM audit_log
      UNION ALL
      SELECT (SELECT min(chain) FROM audit_log WHERE chain > chains.chain) FROM chains WHERE chain IS NOT NULL
    )
    SELECT chain FROM chains WHERE chain IS NOT NULL`.execute(database);
  return rows.map(({ chain }) => chain);
}
