import { readFileSync } from "node:fs";
import { findProvider, type MatchLogic, type ModelInfo, type ModelPrice } from "@pydantic/genai-prices";

/** Vendors of the models that are called by the same names over OpenAI's API; of resellers prices differ. */
const vendors = ["openai", "anthropic", "mistral", "deepseek", "x-ai"];

interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number | null;
  readonly cache_write: number | null;
}

interface BundledPrice extends Rates {
  readonly model: string;
  readonly effective_from: string | null;
  readonly long: (Rates & { readonly above_input_tokens: number }) | null;
}

/**
 * The file of the prices that come with the server, in dollars for a million tokens. Left out is what a count of tokens does not
 * tell the price of: models with prices by the time of day, or for sounds, pictures and pages; and names that are known
 * by more than a whole or a beginning.
 */
export function formatBundledPrices(): string {
  const prices = vendors.flatMap((vendor) => {
    const provider = findProvider({ providerId: vendor });
    if (provider === undefined) throw new Error(`the price data has no vendor ${vendor}`);
    return provider.models.flatMap(toPrices);
  });
  const source = {
    source: `@pydantic/genai-prices ${versionOf(readText("package.json"))}`,
    license: readText("LICENSE"),
  };
  // A line for each price, so that a change of the data is read easily.
  const lines = prices.map((price) => `\n    ${JSON.stringify(price)}`);
  return `${JSON.stringify(source, null, 2).slice(0, -2)},\n  "prices": [${lines.join(",")}\n  ]\n}\n`;
}

/** A file of the package that the prices are from. */
function readText(file: string): string {
  return readFileSync(new URL(`../../node_modules/@pydantic/genai-prices/${file}`, import.meta.url), "utf8");
}

function versionOf(packageJson: string): string {
  const facts: { readonly version?: unknown } = JSON.parse(packageJson);
  return String(facts.version);
}

function toPrices({ match, prices }: ModelInfo): readonly BundledPrice[] {
  const names = toNames(match);
  const steps = Array.isArray(prices) ? prices : [{ prices }];
  const converted = steps.map((step) => {
    const constraint = "constraint" in step ? step.constraint : undefined;
    if (constraint?.type === "time_of_date") return undefined;
    const rates = toRates(step.prices);
    return rates === undefined ? undefined : { effective_from: constraint?.start_date ?? null, ...rates };
  });
  if (converted.includes(undefined)) return [];
  return names.flatMap((model) =>
    converted.flatMap((step) => (step === undefined ? [] : [{ model, ...step }])),
  );
}

/** The names that our own patterns can say; a date behind a name is one that begins with its century. */
function toNames(match: MatchLogic): readonly string[] {
  if ("or" in match) return [...new Set(match.or.flatMap(toNames))];
  if ("equals" in match) return [match.equals];
  if ("starts_with" in match) return [`${match.starts_with}*`];
  const dated = "regex" in match ? /^\^([\w.\\-]+)-\\d\{4\}-\\d\{2\}-\\d\{2\}\$$/.exec(match.regex) : null;
  return dated?.[1] === undefined ? [] : [`${dated[1].replaceAll("\\", "")}-20*`];
}

const known = {
  input: "input_mtok",
  output: "output_mtok",
  cache_read: "cache_read_mtok",
  cache_write: "cache_write_mtok",
} as const;
/** Priced apart from tokens, or for what callers do not ask here. */
const besides = new Set(["web_searches_kcount", "storage_searches_kcount", "cache_write_1h_mtok"]);

function toRates(price: ModelPrice): Omit<BundledPrice, "model" | "effective_from"> | undefined {
  const keys: readonly string[] = Object.values(known);
  if (Object.keys(price).some((key) => !keys.includes(key) && !besides.has(key))) return undefined;
  const starts = new Set(
    keys.flatMap((key) => {
      const amount = price[key];
      return typeof amount === "object" ? amount.tiers.map(({ start }) => start) : [];
    }),
  );
  const base = ratesAt(price, 0);
  if (base === undefined || starts.size > 1) return undefined;
  const [start] = starts;
  if (start === undefined) return { ...base, long: null };
  const long = ratesAt(price, start + 1);
  return long === undefined ? undefined : { ...base, long: { above_input_tokens: start, ...long } };
}

function ratesAt(price: ModelPrice, tokens: number): Rates | undefined {
  const at = (key: string) => {
    const amount = price[key];
    if (amount === undefined || typeof amount === "number") return amount ?? null;
    return amount.tiers.findLast(({ start }) => tokens > start)?.price ?? amount.base;
  };
  const input = at(known.input);
  if (input === null) return undefined;
  return {
    input,
    // Embeddings have none.
    output: at(known.output) ?? 0,
    cache_read: at(known.cache_read),
    cache_write: at(known.cache_write),
  };
}
