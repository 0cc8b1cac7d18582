/** How a ratio is bounded: one of both. */
export type Limit = { readonly at_most: number } | { readonly at_least: number };

/** What is allowed, by the name of the ratio. */
export type Budget = ReadonlyMap<string, Limit>;

/** @throws Error that names the entry which is no limit */
export function parseBudget(text: string): Budget {
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed)) throw new Error("the budget must be an object of limits");
  return new Map(Object.entries(parsed).map(([name, entry]) => [name, toLimit(name, entry)]));
}

/** Whether a measured number keeps to its limit. */
export function isWithin(limit: Limit, value: number): boolean {
  return "at_most" in limit ? value <= limit.at_most : value >= limit.at_least;
}

/** As "at most 2.4". */
export function formatLimit(limit: Limit): string {
  return "at_most" in limit ? `at most ${limit.at_most}` : `at least ${limit.at_least}`;
}

function toLimit(name: string, entry: unknown): Limit {
  if (isRecord(entry) && Object.keys(entry).length === 1) {
    const { at_most: atMost, at_least: atLeast } = entry;
    if (isFiniteNumber(atMost)) return { at_most: atMost };
    if (isFiniteNumber(atLeast)) return { at_least: atLeast };
  }
  throw new Error(`the budget's entry ${name} must be { "at_most": number } or { "at_least": number }`);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
