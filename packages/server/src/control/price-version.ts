import { hash } from "node:crypto";
import type { PriceEntry, PriceSource, PriceTerms } from "../core/price-terms.ts";

const versionDigits = 12;

/** Names terms by what they are: the name outlives a restart, and changes with any of them. */
export function toPriceEntry(source: PriceSource, terms: PriceTerms): PriceEntry {
  const version = `${source}:${hash("sha256", JSON.stringify(terms)).slice(0, versionDigits)}`;
  return { ...terms, source, version };
}
