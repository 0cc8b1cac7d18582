import { type Command, Option } from "commander";
import type { UsageAnswer, UsageFilter, UsageFormat, UsageQuestion, UsageSum } from "../usage.ts";
import type { CliContext } from "./context.ts";
import { type Output, printRows, toPrintable } from "./output.ts";

interface SumOptions extends UsageFilter {
  readonly range?: string;
  readonly bucket: string;
  readonly by: string;
}

const groupNames = ["model", "principal", "integration", "provider", "operation"] as const;

/** `llmp usage` and `llmp usage export`. */
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
