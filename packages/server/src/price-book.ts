import type { Log } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { createPriceKeeper, type PriceKeeper } from "./control/price-keeper.ts";
import { createPriceTable, type PriceTable } from "./core/prices.ts";
import { toPrices } from "./settings-of.ts";
import type { PriceRows } from "./store/price-rows.ts";

/** What models cost: by the configuration, by what came with the server, and by what operators have set. */
export interface PriceBook {
  readonly prices: PriceTable;
  readonly rows: PriceRows;
  readonly keeper: PriceKeeper;
}

/** Reads what operators have set, and follows it. Rejects with PlatformError `unavailable`. */
export async function openPriceBook(config: PlatformConfig, rows: PriceRows, log: Log): Promise<PriceBook> {
  const fixed = toPrices(config);
  const prices = createPriceTable(fixed);
  const keeper = createPriceKeeper({ rows, fixed, prices, log });
  await keeper.reload();
  keeper.follow();
  return { prices, rows, keeper };
}
