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
import { createCostWriter } from "./cost-writer.ts";
import { createRepricer, type Repricer } from "./repricer.ts";
import { createRollupWriter } from "./rollup-writer.ts";
import { createUsageRoller, type FollowingRoller, type UsageRoller } from "./usage-roller.ts";

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
  readonly database: Kysely<Tables>;
  readonly retention: RollupRetention;
  /** Wall time. */
  readonly nowMs: () => number;
}

/** The questions, which are the same for every database. */
export function createSumQueries(
  database: Kysely<Tables>,
  roller: UsageRoller,
): Pick<UsageSums, "sum" | "unpriced"> {
  return {
    sum: (query) =>
      guardStorageLater(async () => {
        await roller.flush();
        return querySums(database, query);
      }),
    unpriced: (query) =>
      guardStorageLater(async () => {
        await roller.flush();
        return queryUnpriced(database, query);
      }),
  };
}

/** The sums in SQLite. */
export interface FollowingSums extends UsageSums {
  readonly roller: FollowingRoller;
}

/** Rejects with PlatformError `unavailable`. */
export async function createUsageSums({
  raw,
  onWritten,
  ...parts
}: UsageSumsParts & {
  readonly raw: DatabaseSync;
  /** Told after each transaction how many rows it wrote. */
  onWritten(rows: number): void;
}): Promise<FollowingSums> {
  const { database } = parts;
  const horizon = await createRollupHorizon(parts);
  const writer = createRollupWriter(raw, horizon);
  const roller = createUsageRoller({ raw, progress: createUsageProgress(raw), writer, onWritten });
  const reprice = createRepricer({
    database,
    rolledId: () => roller.rolledId,
    write: createCostWriter({ raw, writer, onWritten }),
  });
  return { roller, horizon, reprice, ...createSumQueries(database, roller) };
}
