import { type Command, Option } from "commander";
import type {
  CallContent,
  RepriceReport,
  UsageAnswer,
  UsageFilter,
  UsageFormat,
  UsageQuestion,
  UsageSum,
} from "../usage.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit-code.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

interface SumOptions extends UsageFilter {
  readonly range?: string;
  readonly bucket: string;
  readonly by: string;
  readonly percentiles: boolean;
}

const groupNames = ["model", "principal", "integration", "provider", "operation"] as const;

/** `llmp usage`, `llmp usage export` and `llmp usage reprice`. */
export function addUsageCommands(program: Command, context: CliContext): void {
  const usage = program.command("usage").description("what was used in a time, and what it cost");
  addFilter(usage)
    .addOption(
      new Option("--range <length>", "a time that ends now (default: 30d)").choices([
        "24h",
        "7d",
        "30d",
        "90d",
      ]),
    )
    .addOption(
      new Option("--bucket <length>", "a row for each, in UTC")
        .choices(["minute", "hour", "day", "none"])
        .default("none"),
    )
    .option("--by <names>", `a row for each: ${groupNames.join(", ")}, with commas between`, "model")
    .option("--no-percentiles", "leave them out: a large answer comes sooner")
    .action(async ({ by, ...options }: SumOptions) => {
      const question: UsageQuestion = { ...options, group_by: by };
      printSums(context.output(), await context.client().usage(question));
    });
  addFilter(usage.command("export").description("the records of the ledger as one file, oldest first"))
    .addOption(new Option("--format <format>", "of the file").choices(["csv", "json"]).default("csv"))
    .action(async ({ format, ...own }: UsageFilter & { readonly format: UsageFormat }, command: Command) => {
      // Options that the command before has too are taken by it.
      const { from, until, model, principal, integration } = { ...own, ...command.optsWithGlobals() };
      const output = context.output();
      const filter = { from, until, model, principal, integration };
      for await (const text of context.client().exportUsage(format, filter)) await output.whole(text);
    });
  usage
    .command("content <request>")
    .description("what a call asked and was answered, where it was kept; the reading is put on record")
    .action(async (request: string) =>
      tellContent(context.output(), await context.client().callContent(request)),
    );
  usage
    .command("reprice")
    .description("reckon costs anew by the prices of now, each record by those of its time")
    .option("--from <time>", "records that began then or later")
    .option("--until <time>", "records that began before (default: now)")
    .option("--dry-run", "change nothing, only tell what would")
    // Options that the command before has too are taken by it.
    .action((_options: object, command: Command) =>
      repriceAll(context, command.optsWithGlobals<RepriceOptions>()),
    );
}

function tellContent(output: Output, content: CallContent): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(content, null, 2)}\n`);
    return;
  }
  const { time, principal, model, outcome, request, reply } = content;
  output.out(`${toPrintable(`${time} ${principal} ${model} ${outcome}`)}\n`);
  for (const part of [request, reply]) {
    const { text, truncated } = part ?? { text: "no reply", truncated: false };
    const lines = text.split("\n").map(toPrintable).join("\n");
    output.out(`\n${lines}${truncated ? "… (the beginning only)" : ""}\n`);
  }
}

interface RepriceOptions extends Pick<UsageFilter, "from" | "until"> {
  readonly dryRun?: boolean;
}

/** `llmp usage reprice`: call after call, until every record was looked at. */
async function repriceAll(context: CliContext, { from, until, dryRun }: RepriceOptions): Promise<void> {
  if (from === undefined) throw new UsageError("Say from when on, as --from 2026-01-31T00:00:00Z.");
  const total = { examined: 0, changed: 0, priced_anew: 0 };
  const differences = new Map<string, number>();
  // Records of calls that come meanwhile have their price: what is looked at ends now.
  const order = { from, until: until ?? new Date().toISOString(), dry_run: dryRun };
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const report: RepriceReport = await context.client().repriceUsage({ ...order, cursor });
    total.examined += report.examined;
    total.changed += report.changed;
    total.priced_anew += report.priced_anew;
    for (const { currency, cost_micros } of report.differences)
      differences.set(currency, (differences.get(currency) ?? 0) + cost_micros);
    cursor = report.next_cursor;
  }
  const value = {
    ...total,
    differences: [...differences].map(([currency, cost_micros]) => ({ currency, cost_micros })),
  };
  const cost = [...differences].map(([currency, micros]) => `${(micros / 1_000_000).toFixed(4)} ${currency}`);
  printRows(context.output(), value, [
    ["EXAMINED", "CHANGED", "PRICED ANEW", "DIFFERENCE"],
    [String(total.examined), String(total.changed), String(total.priced_anew), cost.join(" + ") || "-"],
  ]);
}

function addFilter(command: Command): Command {
  return command
    .option("--from <time>", "begin, as 2026-01-31T00:00:00Z")
    .option("--until <time>", "end")
    .option("--model <name>", "only of this model, as its platform spells it")
    .option("--principal <name>", "only of this key")
    .option("--integration <name>", "only over this integration");
}

function printSums(output: Output, answer: UsageAnswer): void {
  const first = answer.usage[0];
  const names = groupNames.filter((name) => first?.[name] !== undefined);
  const isByBucket = answer.bucket !== "none";
  const titles = [...(isByBucket ? ["from"] : []), ...names, "calls", "errors", "input", "output", "cost"];
  const rows = answer.usage.map((sum) => [
    ...(isByBucket ? [sum.bucket_start ?? ""] : []),
    ...names.map((name) => sum[name] ?? ""),
    String(sum.calls),
    String(Object.values(sum.errors).reduce((all, count) => all + count, 0)),
    String(sum.input_tokens),
    String(sum.output_tokens),
    formatCosts(sum),
    String(sum.duration_ms?.p50 ?? "-"),
    String(sum.duration_ms?.p95 ?? "-"),
  ]);
  const head = [...titles, "p50 ms", "p95 ms"].map((title) => title.toUpperCase());
  printRows(output, answer, [head, ...rows]);
  if (output.format === "json") return;
  for (const { integration, model, attempts } of answer.unknown_prices)
    output.err(`no price is known for ${toPrintable(`${integration}/${model}`)}: ${attempts} attempts\n`);
  if (answer.records_behind > 0) output.err(`${answer.records_behind} records are not in the sums yet\n`);
}

/** A sum that lacks something is marked: what has no price is not free. */
function formatCosts({ costs, unpriced_attempts }: UsageSum): string {
  const known = costs.map(
    ({ currency, cost_micros }) => `${(cost_micros / 1_000_000).toFixed(4)} ${currency}`,
  );
  return [...known, ...(unpriced_attempts > 0 ? ["?"] : [])].join(" + ") || "-";
}
