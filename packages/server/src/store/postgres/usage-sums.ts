import { type Kysely, sql } from "kysely";
import { toKindTallies } from "../kind-tallies.ts";
import { createRepricer, type CostChange, toTallies } from "../repricer.ts";
import { createRollupHorizon } from "../rollup-horizon.ts";
import type { Tables } from "../tables.ts";
import type { UsageRoller } from "../usage-roller.ts";
import { createSumQueries, type UsageSums, type UsageSumsParts } from "../usage-sums.ts";
import type { LedgerStep } from "./ledger-insert.ts";
import { lockFor } from "./locks.ts";
import { createPostgresRollupWriter, type PostgresRollupWriter } from "./rollup-writer.ts";

/** The sums in PostgreSQL: rows are in them as soon as they are in the ledger. */
export interface PostgresSums extends UsageSums {
  /** Adds what is inserted, in the same transaction. */
  readonly step: LedgerStep;
}

/** Every row is in the sums, whoever wrote it. */
const levelRoller: UsageRoller = {
  behind: 0,
  rolledId: Number.MAX_SAFE_INTEGER,
  flush: async () => undefined,
  catchUp: async () => undefined,
};

/** Rejects with PlatformError `unavailable`. */
export async function createPostgresSums(parts: UsageSumsParts): Promise<PostgresSums> {
  const { database } = parts;
  const horizon = await createRollupHorizon(parts);
  const add = createPostgresRollupWriter(horizon);
  return {
    roller: levelRoller,
    horizon,
    reprice: createRepricer({
      database,
      rolledId: () => levelRoller.rolledId,
      write: (changes) => writeCosts(database, add, changes),
    }),
    step: (transaction, inserted) =>
      add(transaction, toKindTallies(inserted.map((record) => ({ record, times: 1 })))),
    ...createSumQueries(database, levelRoller),
  };
}

async function writeCosts(
  database: Kysely<Tables>,
  add: PostgresRollupWriter,
  changes: readonly CostChange[],
): Promise<void> {
  const rows = changes.map(({ before, after }) => ({
    attempt_id: after.attemptId,
    started_at_ms: after.startedAtMs,
    old_cost: before.costMicros,
    old_version: before.priceVersion,
    cost_micros: after.costMicros,
    currency: after.currency,
    price_version: after.priceVersion,
  }));
  const confirm = await database.transaction().execute(async (transaction) => {
    await lockFor("ledger").execute(transaction);
    const { rows: written } = await sql<{ readonly attempt_id: string }>`
      UPDATE usage_ledger AS old
      SET cost_micros = new.cost_micros, currency = new.currency, price_version = new.price_version
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS new (
        attempt_id text, started_at_ms bigint, old_cost bigint, old_version text,
        cost_micros bigint, currency text, price_version text
      )
      WHERE old.started_at_ms = new.started_at_ms AND old.attempt_id = new.attempt_id
        AND old.cost_micros IS NOT DISTINCT FROM new.old_cost
        AND old.price_version IS NOT DISTINCT FROM new.old_version
      RETURNING old.attempt_id`.execute(transaction);
    // Another run may have changed some since they were read.
    const ids = new Set(written.map(({ attempt_id }) => attempt_id));
    return add(transaction, toTallies(changes.filter(({ after }) => ids.has(after.attemptId))));
  });
  confirm();
}
