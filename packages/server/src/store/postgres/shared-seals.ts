import { guardStorageLater } from "../storage-error.ts";
import { createUsageSeals, type UsageSeals, type UsageSealsParts } from "../usage-seals.ts";
import { tryLockFor } from "./locks.ts";

/**
 * Seals of a ledger that several servers write: one of them at a time seals what there is, whoever wrote it, and the record
 * goes into its own chain.
 */
export function createSharedSeals(parts: Omit<UsageSealsParts, "makeDurable">): UsageSeals {
  const { database } = parts;
  /** Looks anew how far the seals go: another server may have sealed meanwhile. */
  const create = () => createUsageSeals({ ...parts, makeDurable: async () => undefined });
  return {
    seal: (signal) =>
      guardStorageLater(() =>
        database.transaction().execute(async (transaction) => {
          const { rows } = await tryLockFor("seals").execute(transaction);
          return rows[0]?.is_held === true ? create().seal(signal) : 0;
        }),
      ),
    sealedId: () => create().sealedId(),
    notePruned: (beforeMs) => create().notePruned(beforeMs),
  };
}
