import { sql } from "kysely";
import type { PostgresPools } from "./pools.ts";

/** Bytes that the database takes of its disk. Rejects as queries do. */
export async function measureDatabase({ background }: Pick<PostgresPools, "background">): Promise<number> {
  const { rows } = await sql<{ readonly bytes: number }>`
    SELECT pg_database_size(current_database()) AS bytes`.execute(background);
  return Number(rows[0]?.bytes ?? 0);
}
