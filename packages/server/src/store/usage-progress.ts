import type { DatabaseSync } from "node:sqlite";

/** How far the work on the ledger has come: numbers by name that are written together with that work. */
export interface UsageProgress {
  /** 0 when it was never written. */
  read(name: ProgressName): number;
  /** Takes part in the transaction that is open. */
  write(name: ProgressName, value: number): void;
}

/** The last row of the ledger that is in the sums. */
export type ProgressName = "rolled_id";

export function createUsageProgress(raw: DatabaseSync): UsageProgress {
  const find = raw.prepare("SELECT value FROM usage_progress WHERE name = ?");
  const put = raw.prepare(
    "INSERT INTO usage_progress (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  return {
    read: (name) => Number(find.get(name)?.["value"] ?? 0),
    write: (name, value) => void put.run(name, value),
  };
}
