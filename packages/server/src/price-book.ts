import type { Log } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { createPriceKeeper, type PriceKeeper } from "./control/price-keeper.ts";
import { createPriceTable, type PriceTable } from "./core/prices.ts";
import { toPrices } from "./settings-of.ts";
import type { ChangeNotices } from "./store/change-notices.ts";
import type { PriceRows } from "./store/price-rows.ts";
import type { Store } from "./store/store.ts";

/** What models cost: by the configuration, by what came with the server, and by what operators have set. */
export interface PriceBook {
  readonly prices: PriceTable;
  readonly rows: PriceRows;
  readonly keeper: PriceKeeper;
}

export interface PriceBookParts {
  readonly store: Pick<Store, "prices" | "changes">;
  readonly log: Log;
}

/** Reads what operators have set, and follows it. Rejects with PlatformError `unavailable`. */
export async function openPriceBook(
  config: PlatformConfig,
  { store: { prices: stored, changes }, log }: PriceBookParts,
): Promise<PriceBook> {
  const rows = announcing(stored, changes);
  const fixed = toPrices(config);
  const prices = createPriceTable(fixed);
  const keeper = createPriceKeeper({ rows, fixed, prices, log });
  await keeper.reload();
  keeper.follow();
  // What could not be read now is read with the next look.
  changes.onRemote("prices", () => void keeper.reload().catch(() => undefined));
  return { prices, rows, keeper };
}

/** Tells the other replicas of each change. Where that fails they see it with their next look. */
function announcing(rows: PriceRows, changes: ChangeNotices): PriceRows {
  const announce = () => changes.announce("prices").catch(() => undefined);
  return {
    list: () => rows.list(),
    put: (price) => rows.put(price).then(announce),
    end: (step) => rows.end(step).then(announce),
  };
}
