import type { DatabaseSync } from "node:sqlite";
import { type CostChange, toTallies } from "./repricer.ts";
import type { RollupWriter } from "./rollup-writer.ts";

export interface CostWriterParts {
  readonly raw: DatabaseSync;
  readonly writer: RollupWriter;
  /** Told after each transaction how many rows it wrote. */
  onWritten(rows: number): void;
}

/** A changed record is written itself, and in the sums where it was and where it is now. */
const rowsPerChange = 4;

/** Writes changed costs into SQLite. What it returns throws what SQLite throws. */
export function createCostWriter({ raw, writer, onWritten }: CostWriterParts) {
  const update = raw.prepare(
    `UPDATE usage_ledger SET cost_micros = ?, currency = ?, price_version = ?
     WHERE id = ? AND cost_micros IS ? AND price_version IS ?`,
  );
  return async (changes: readonly CostChange[]): Promise<void> => {
    raw.exec("BEGIN IMMEDIATE");
    try {
      // Another run may have changed some since they were read.
      const written = changes.filter(({ id, before, after }) => {
        const { costMicros, currency, priceVersion } = after;
        const old = [before.costMicros, before.priceVersion];
        return update.run(costMicros, currency, priceVersion, id, ...old).changes > 0;
      });
      writer.add(toTallies(written));
      raw.exec("COMMIT");
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      writer.forget();
      throw error;
    }
    onWritten(changes.length * rowsPerChange);
  };
}
