/** Files that are mutated together, and the tests that have to notice. */
export type Part = {
  readonly name: string;
  readonly files: readonly string[];
  /** Patterns. Of these, Stryker runs for a mutant those that come past it. */
  readonly tests: string[];
  /** In per cent of the mutants: fewer that are noticed fail the run. What was measured reached 91 and more; the other files are not measured yet. */
  readonly leastScore: number;
};

const server = "packages/server/src";

function part(folder: string, leastScore: number, names: readonly string[]): Part {
  const files = names.map((name) => `${server}/${folder}/${name}.ts`);
  return { name: folder, files, tests: [`${server}/${folder}/**/*.test.ts`], leastScore };
}

/** Where a fault costs money or safety: limits, budgets, prices and routes; what reads bytes of others; when a call is tried again; what is sealed. */
export const parts: readonly Part[] = [
  part("core", 80, [
    "audit-chain",
    "back-off",
    "breaker",
    "budget-lease",
    "budget-period",
    "budget-prices",
    "budget-state",
    "budget-table",
    "cost",
    "failed-logins",
    "fair-queue",
    "limit-lease",
    "limit-share",
    "limit-state",
    "limit-table",
    "limits",
    "overload",
    "permissions",
    "price-terms",
    "prices",
    "reprice",
    "routes",
    "seal-drafts",
    "sliding-window",
    "slot-lease",
    "slot-leases",
    "stream-ends",
    "token-bucket",
    "usage-seal",
    "window-lease",
  ]),
  part("wire", 80, [
    "address-guard",
    "body-splice",
    "chunk-decoder",
    "grpc-retry-info",
    "header-name",
    "hpack-decoder",
    "hpack-huffman",
    "http-head",
    "json-form",
    "json-scan",
    "ndjson-reader",
    "openai-usage",
    "request-scan",
    "response-head",
    "sse-reader",
    "whole-reader",
  ]),
  part("gateway", 80, ["budget-plan", "retry-budget", "upstream-failure"]),
  part("store", 80, ["envelope", "price-rows", "seal-records", "usage-seal-check"]),
];

/** @throws Error for a name that no part has */
export function partOf(name: string | undefined): Part {
  const found = parts.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`there is no part ${name ?? ""}; there are ${parts.map((each) => each.name).join(", ")}`);
  return found;
}
