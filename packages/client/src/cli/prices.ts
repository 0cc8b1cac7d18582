import { type Command, InvalidArgumentError, Option } from "commander";
import type { NewPrice, Price, PriceAnswer } from "../prices.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-code.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

/** `llmp prices list`, `llmp prices set` and `llmp prices remove`. */
export function addPriceCommands(program: Command, context: CliContext): void {
  const prices = program.command("prices").description("what models cost");
  prices
    .command("list")
    .alias("ls")
    .description("list them; of several that fit a model the first holds")
    .option("--model <name>", "only what fits this model")
    .option("--integration <name>", "only what fits models of this integration")
    .addOption(new Option("--source <source>", "only from there").choices(["operator", "config", "bundled"]))
    .option("--at <time>", "what holds then, as 2026-01-31T00:00:00Z (default: now)")
    .addOption(
      new Option("--when <when>", "which of them").choices(["in_force", "later", "any"]).default("in_force"),
    )
    .action(async (question: object) =>
      printAnswer(context.output(), await context.client().prices(question)),
    );
  addScope(prices.command("set <model>").description("set what models cost; a name may end in *"))
    .option("--input <amount>", "of a million input tokens", toAmount)
    .option("--output-tokens <amount>", "of a million output tokens", toAmount)
    .option("--cache-read <amount>", "of a million input tokens from a cache (default: as input)", toAmount)
    .option("--cache-write <amount>", "of a million input tokens to a cache (default: as input)", toAmount)
    .option("--reasoning <amount>", "of a million tokens of reasoning (default: as output)", toAmount)
    .option("--per-request <amount>", "of each attempt", toAmount)
    .option("--per-second <amount>", "of each second of an attempt", toAmount)
    .option("--watts <watts>", "what the machine draws; with --kwh-price", toAmount)
    .option("--kwh-price <amount>", "of a kilowatt-hour; with --watts", toAmount)
    .option("--currency <code>", "ISO 4217", "USD")
    .option("--from <time>", "for calls that begin then or later (default: now)")
    .action(async (model: string, options: SetOptions) => {
      const price = await context.client().putPrice(toNewPrice(model, options));
      printPrices(context.output(), price, [price]);
    });
  addScope(prices.command("remove <model>").alias("rm").description("end what was set, from now on")).action(
    async (model: string, { integration, provider }: ScopeOptions) => {
      const { ended } = await context.client().deletePrice({ integration, provider, model });
      printPrices(context.output(), { ended }, ended);
    },
  );
}

interface ScopeOptions {
  readonly integration?: string;
  readonly provider?: string;
}

interface SetOptions extends ScopeOptions {
  readonly input?: number;
  readonly outputTokens?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
  readonly perRequest?: number;
  readonly perSecond?: number;
  readonly watts?: number;
  readonly kwhPrice?: number;
  readonly currency: string;
  readonly from?: string;
}

function addScope(command: Command): Command {
  return command
    .option("--integration <name>", "only for models of this integration")
    .option("--provider <name>", "only for models of integrations of this provider");
}

function toNewPrice(model: string, options: SetOptions): NewPrice {
  const { watts, kwhPrice } = options;
  if ((watts === undefined) !== (kwhPrice === undefined))
    throw new UsageError("Energy needs both --watts and --kwh-price.");
  return {
    integration: options.integration,
    provider: options.provider,
    model,
    input_per_million: options.input,
    output_per_million: options.outputTokens,
    cache_read_per_million: options.cacheRead,
    cache_write_per_million: options.cacheWrite,
    reasoning_per_million: options.reasoning,
    per_request: options.perRequest,
    per_second: options.perSecond,
    energy: watts === undefined || kwhPrice === undefined ? undefined : { watts, price_per_kwh: kwhPrice },
    currency: options.currency,
    effective_from: options.from,
  };
}

function toAmount(text: string): number {
  const amount = Number(text);
  if (/^\d*\.?\d+$/.test(text) && Number.isFinite(amount)) return amount;
  throw new InvalidArgumentError("It must be a number, as 0.15.");
}

function printAnswer(output: Output, answer: PriceAnswer): void {
  printPrices(output, answer, answer.prices);
  if (output.format === "json") return;
  for (const { integration, model, attempts } of answer.unpriced)
    output.err(`no price is known for ${toPrintable(`${integration}/${model}`)}: ${attempts} attempts\n`);
}

function printPrices(output: Output, value: unknown, prices: readonly Price[]): void {
  const rows = prices.map((price) => [
    price.model,
    [price.integration, price.provider].filter((each) => each !== null).join(" ") || "-",
    price.is_readable ? String(price.input_per_million) : "?",
    price.is_readable ? String(price.output_per_million) : "?",
    formatBesides(price),
    price.currency,
    price.effective_from ?? "-",
    price.effective_until ?? "-",
    price.version,
  ]);
  printRows(output, value, [
    ["MODEL", "ONLY FOR", "INPUT", "OUTPUT", "BESIDES", "CURRENCY", "FROM", "UNTIL", "VERSION"],
    ...rows,
  ]);
}

/** What a call costs besides its plain tokens. */
function formatBesides(price: Price): string {
  const { energy, long } = price;
  const parts = [
    [price.cache_read_per_million, "cache read"],
    [price.cache_write_per_million, "cache write"],
    [price.reasoning_per_million, "reasoning"],
    [price.per_request, "a request"],
    [price.per_second, "a second"],
  ] as const;
  const told = parts.flatMap(([amount, name]) => (amount === null ? [] : [`${amount} ${name}`]));
  if (energy !== null) told.push(`${energy.watts} W at ${energy.price_per_kwh} a kWh`);
  if (long !== null) told.push(`more above ${long.above_input_tokens} tokens`);
  return told.join(", ") || "-";
}
