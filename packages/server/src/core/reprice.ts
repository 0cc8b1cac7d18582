import type { Usage } from "@llm-platform/kit";
import { costMicros } from "./cost.ts";
import type { LedgerRecord } from "./ledger-record.ts";
import type { PriceTable } from "./prices.ts";

/**
 * The record with the cost that its tokens have by these prices; undefined when that changes nothing. A record whose
 * price is not known to them stays as it is: a cost that was known once is not given up.
 */
export function reprice(record: LedgerRecord, prices: PriceTable): LedgerRecord | undefined {
  if (record.usageSource === "none") return undefined;
  const price = prices.lookup({
    integration: record.integration,
    provider: record.provider,
    model: record.upstreamModel,
    atMs: record.startedAtMs,
  });
  if (price === undefined) return undefined;
  const cost = costMicros(usageOf(record), price, record.durationMs);
  const { currency, version: priceVersion } = price;
  const isSame =
    cost === record.costMicros && currency === record.currency && priceVersion === record.priceVersion;
  return isSame ? undefined : { ...record, costMicros: cost, currency, priceVersion };
}

function usageOf(record: LedgerRecord): Usage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = record;
  return {
    ...(inputTokens === null ? {} : { inputTokens }),
    ...(outputTokens === null ? {} : { outputTokens }),
    ...(cacheReadTokens === null ? {} : { cacheReadTokens }),
    ...(cacheWriteTokens === null ? {} : { cacheWriteTokens }),
    ...(reasoningTokens === null ? {} : { reasoningTokens }),
  };
}
