import { type Command, InvalidArgumentError, Option } from "commander";
import type { Budget } from "../budgets.ts";
import type { CliContext } from "./context.ts";
import { toCount } from "./count.ts";
import { type Output, printRows } from "./output.ts";

interface ChangeOptions {
  readonly name?: string;
  readonly amount?: number;
  readonly warnAt?: readonly number[];
  readonly action?: string;
}

interface CreateOptions extends ChangeOptions {
  readonly amount: number;
  readonly period: string;
  readonly scope: string;
  readonly subject?: string;
  readonly currency?: string;
}

/** `llmp budgets …`. */
export function addBudgetCommands(program: Command, context: CliContext): void {
  const budgets = program.command("budgets").description("how much may be spent, and what is");
  budgets
    .command("list")
    .alias("ls")
    .description("list them, with what is spent and left")
    .action(async () => printBudgets(context.output(), await context.client().budgets()));
  const create = budgets
    .command("create <name>")
    .description("make one; it counts from now on")
    .requiredOption("--amount <money>", "for each period, like 12.50", toMicros)
    .addOption(
      new Option("--period <length>", "when it begins anew, in UTC")
        .choices(["day", "week", "month", "total"])
        .default("month"),
    )
    .addOption(
      new Option("--scope <what>", "whose calls, or the calls to what, it counts")
        .choices(["key", "user", "team", "integration", "global"])
        .default("global"),
    )
    .option("--subject <id>", "which key, user or team by its id, or which integration by its name")
    .option("--currency <code>", "like EUR (default: USD)")
    .action(async (name: string, options: CreateOptions) => {
      const { amount, period, scope, subject, currency, warnAt, action } = options;
      const budget = {
        name,
        scope,
        subject,
        period,
        amount_micros: amount,
        currency,
        warn_at_percents: warnAt,
        action,
      };
      printBudgets(context.output(), await context.client().createBudget(budget));
    });
  const update = budgets
    .command("update <id>")
    .description("change one; what is spent of it stays")
    .option("--name <name>", "the new name")
    .option("--amount <money>", "the new amount, like 12.50", toMicros)
    .action(async (id: string, { name, amount, warnAt, action }: ChangeOptions) => {
      const change = { name, amount_micros: amount, warn_at_percents: warnAt, action };
      printBudgets(context.output(), await context.client().updateBudget(id, change));
    });
  for (const each of [create, update])
    each
      .addOption(
        new Option("--action <action>", "refuse calls for which too little is left, or only tell").choices([
          "block",
          "warn",
        ]),
      )
      .option("--warn-at <percents>", "parts that are told of when they are spent, like 50,80", toPercents);
  budgets
    .command("delete <id>")
    .description("delete one, and what is known of its use")
    .action(async (id: string) => printBudgets(context.output(), await context.client().deleteBudget(id)));
}

const microsPerUnit = 1_000_000;

function toMicros(text: string): number {
  const micros = Math.round(Number(text) * microsPerUnit);
  if (/^\d+(\.\d{1,6})?$/.test(text) && Number.isSafeInteger(micros)) return micros;
  throw new InvalidArgumentError("It must be an amount like 12.50, with six places at most.");
}

function toPercents(text: string): readonly number[] {
  return text === "" ? [] : text.split(",").map(toCount);
}

function printBudgets(output: Output, shown: Budget | readonly Budget[]): void {
  const money = (micros: number) => (micros / microsPerUnit).toFixed(6).replace(/0{1,4}$/, "");
  const rows = [shown]
    .flat()
    .map((budget) => [
      budget.id,
      budget.name,
      budget.subject === null ? budget.scope : `${budget.scope} ${budget.subject}`,
      budget.period,
      budget.action,
      money(budget.amount_micros),
      money(budget.spent_micros),
      money(budget.reserved_micros),
      money(budget.remaining_micros),
      budget.currency,
      budget.period_end ?? "never",
    ]);
  const head = ["ID", "NAME", "SCOPE", "PERIOD", "ACTION"];
  printRows(output, shown, [[...head, "AMOUNT", "SPENT", "RESERVED", "LEFT", "CURRENCY", "ENDS"], ...rows]);
}
