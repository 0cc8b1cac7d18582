import type { DatabaseSync } from "node:sqlite";
import type { Kysely } from "kysely";
import { createRollupHorizon, type RollupHorizon, type RollupRetention } from "./rollup-horizon.ts";
import {
  querySums,
  queryUnpriced,
  type SumsAnswer,
  type SumsQuery,
  type UnpricedModel,
} from "./rollup-query.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";
import { createUsageProgress } from "./usage-progress.ts";
import { createRepricer, type Repricer } from "./repricer.ts";
import { createRollupWriter } from "./rollup-writer.ts";
import { createUsageRoller, type UsageRoller } from "./usage-roller.ts";

/** The sums of the ledger by minute, hour and day. Queries read them alone, never the ledger. */
export interface UsageSums {
  readonly roller: UsageRoller;
  readonly horizon: RollupHorizon;
  /** Everything that is in the ledger counts, but for what the roller is behind. Rejects with PlatformError `unavailable`. */
  sum(query: SumsQuery): Promise<SumsAnswer>;
  /** Models that used tokens whose price is not known, the most attempts first. */
  unpriced(
    query: Pick<SumsQuery, "resolution" | "fromMs" | "untilMs" | "filter" | "limit">,
  ): Promise<readonly UnpricedModel[]>;
  /** Changes costs of records that are in the sums, and the sums with them. */
  readonly reprice: Repricer;
}

export interface UsageSumsParts {
  readonly raw: DatabaseSync;
  readonly database: Kysely<Tables>;
  readonly retention: RollupRetention;
  /** Wall time. */
  readonly nowMs: () => number;
  onWritten(rows: number): void;
}

export function createUsageSums({ raw, database, retention, nowMs, onWritten }: UsageSumsParts): UsageSums {
  const progress = createUsageProgress(raw);
  const horizon = createRollupHorizon({ raw, progress, retention, nowMs });
  const writer = createRollupWriter(raw, horizon);
  const roller = createUsageRoller({ raw, progress, writer, onWritten });

  return {
    roller,
    horizon,
    reprice: createRepricer({ raw, writer, rolledId: () => roller.rolledId, onWritten }),
    sum: (query) =>
      guardStorageLater(async () => {
        roller.flush();
        return querySums(database, query);
      }),
    unpriced: (query) =>
      guardStorageLater(async () => {
        roller.flush();
        return queryUnpriced(database, query);
      }),
  };
}
