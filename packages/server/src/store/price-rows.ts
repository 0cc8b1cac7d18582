import { PlatformError } from "@llm-platform/kit";
import type { Kysely } from "kysely";
import { guardStorageLater } from "./storage-error.ts";
import type { PriceRow, Tables } from "./tables.ts";

/** A step in the history of an operator's prices: from when on which terms hold for which models. */
export interface StoredPrice {
  /** Undefined for all. */
  readonly integration: string | undefined;
  /** Undefined for all. */
  readonly provider: string | undefined;
  readonly model: string;
  /** Since the epoch. */
  readonly effectiveFromMs: number;
  /** JSON; undefined where from then on the operator says nothing. */
  readonly terms: string | undefined;
  readonly changedAtMs: number;
  /** Id of who put it there. */
  readonly changedBy: string;
}

/** The prices that operators set. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface PriceRows {
  /** By the time from which they hold. */
  list(): Promise<readonly StoredPrice[]>;
  /** Replaces the step of the same models and time. Rejects with PlatformError `conflict` when there are too many. */
  put(price: StoredPrice): Promise<void>;
  /** Lets what holds end with this step, and takes away what was to begin after it. Earlier steps stay. */
  end(step: Omit<StoredPrice, "terms">): Promise<void>;
}

/** Steps that are kept: every process holds them all in memory. */
const mostPrices = 2_000;

export function createPriceRows(database: Kysely<Tables>): PriceRows {
  return {
    list: () =>
      guardStorageLater(async () => {
        const rows = await database.selectFrom("prices").selectAll().orderBy("effective_from_ms").execute();
        return rows.map(toStored);
      }),
    put: (price) =>
      guardStorageLater(async () => {
        const { rows } = await database
          .selectFrom("prices")
          .select(({ fn }) => fn.countAll().as("rows"))
          .executeTakeFirstOrThrow();
        if (Number(rows) >= mostPrices)
          throw new PlatformError(
            "conflict",
            `There are ${mostPrices} prices already. Give models one price together, by a name that ends in *.`,
          );
        await putRow(database, toRow(price));
      }),
    end: (step) =>
      guardStorageLater(async () => {
        const row = toRow({ ...step, terms: undefined });
        // Two statements: stopped between them, what holds has ended, and the same call again takes the rest away.
        await putRow(database, row);
        await database
          .deleteFrom("prices")
          .where("integration", "=", row.integration)
          .where("provider", "=", row.provider)
          .where("model", "=", row.model)
          .where("effective_from_ms", ">", row.effective_from_ms)
          .execute();
      }),
  };
}

async function putRow(database: Kysely<Tables>, row: PriceRow): Promise<void> {
  const { terms, changed_at_ms, changed_by } = row;
  await database
    .insertInto("prices")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["integration", "provider", "model", "effective_from_ms"])
        .doUpdateSet({ terms, changed_at_ms, changed_by }),
    )
    .execute();
}

function toRow(price: StoredPrice): PriceRow {
  return {
    integration: price.integration ?? "",
    provider: price.provider ?? "",
    model: price.model,
    effective_from_ms: price.effectiveFromMs,
    terms: price.terms ?? null,
    changed_at_ms: price.changedAtMs,
    changed_by: price.changedBy,
  };
}

function toStored(row: PriceRow): StoredPrice {
  return {
    integration: row.integration === "" ? undefined : row.integration,
    provider: row.provider === "" ? undefined : row.provider,
    model: row.model,
    effectiveFromMs: Number(row.effective_from_ms),
    terms: row.terms ?? undefined,
    changedAtMs: Number(row.changed_at_ms),
    changedBy: row.changed_by,
  };
}
