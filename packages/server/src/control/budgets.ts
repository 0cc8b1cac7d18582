import { randomUUID } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { type Budget, budgetActions, budgetPeriods, budgetScopes, type BudgetUse } from "../core/budgets.ts";
import type { Identity } from "../store/identity.ts";
import type { BudgetChange } from "../store/budget-store.ts";
import { keyName } from "./key-fields.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const micros = z.number().describe("Millionths of the currency.");

const budgetSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(budgetScopes),
  subject: z
    .string()
    .nullable()
    .describe("Id of the key, user or team, or name of the integration; null for all calls together."),
  period: z.enum(budgetPeriods).describe("In UTC; weeks begin on Monday."),
  currency: z.string(),
  amount_micros: micros,
  warn_at_percents: z.array(z.number()).readonly(),
  action: z.enum(budgetActions),
  spent_micros: z.number().describe("In the current period."),
  assumed_micros: z
    .number()
    .describe("Part of spent_micros: what models were taken to cost whose price is not known."),
  reserved_micros: z.number().describe("What calls in flight may cost."),
  remaining_micros: z.number().describe("What is neither spent nor reserved; never less than 0."),
  period_start: z.string(),
  period_end: z.string().nullable().describe("Null for a period without end."),
  created_at: z.string(),
});

const budgetId = z.strictObject({ id: z.string().min(1).max(64) });
/** A thousand million units: more would not be reckoned exactly. */
const mostMicros = 1_000_000_000_000_000;
const amount = z.number().int().min(1).max(mostMicros);
const percents = z.array(z.number().int().min(1).max(1_000)).max(10);
const defaultPercents = [80, 100];

/** The budgets as operations see them. */
export interface BudgetPort {
  readonly budgets: readonly Budget[];
  use(id: string): BudgetUse | undefined;
  insert(budget: Budget): Promise<void>;
  update(id: string, change: BudgetChange): Promise<Budget | undefined>;
  delete(id: string): Promise<boolean>;
}

export interface BudgetOperationParts {
  readonly book: BudgetPort;
  readonly identity: Identity;
  /** Whether the configuration has a key with this id. */
  isConfiguredKey(id: string): boolean;
  isIntegration(name: string): boolean;
  /** Whether a price is known in a currency, by which calls of unknown price can be counted. */
  hasPrices(currency: string): boolean;
}

/** Operations on budgets. */
export function budgetOperations(parts: BudgetOperationParts): readonly Operation[] {
  return [...readingOperations(parts), createOperation(parts), ...changingOperations(parts)];
}

function readingOperations({ book }: BudgetOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "budgets.list",
      summary: "Budgets, with what is spent and reserved of them.",
      permission: "budgets.read",
      rest: { method: "GET", path: "/api/v1/budgets" },
      input: z.strictObject({
        scope: z.enum(budgetScopes).optional(),
        subject: z.string().max(256).optional(),
      }),
      output: z.object({ budgets: z.array(budgetSchema).readonly() }),
      run: async ({ scope, subject }) => {
        const found = book.budgets.filter(
          (budget) =>
            (scope === undefined || budget.scope === scope) &&
            (subject === undefined || budget.subject === subject),
        );
        return { budgets: found.map((budget) => toRow(book, budget)) };
      },
    }),
    defineOperation({
      name: "budgets.get",
      summary: "One budget, with what is spent and reserved of it.",
      permission: "budgets.read",
      rest: { method: "GET", path: "/api/v1/budgets/{id}" },
      input: budgetId,
      output: budgetSchema,
      run: async ({ id }) => toRow(book, requireBudget(book, id)),
    }),
  ];
}

function createOperation(parts: BudgetOperationParts): Operation {
  const { book } = parts;
  return defineOperation({
    name: "budgets.create",
    summary: "Makes a budget. It counts from now on, and bites on the next call.",
    permission: "budgets.write",
    rest: { method: "POST", path: "/api/v1/budgets" },
    audit: { target: ({ name }, budget) => ({ type: "budget", id: budget?.id ?? null, name }) },
    input: z.strictObject({
      name: keyName,
      scope: z.enum(budgetScopes),
      subject: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe(
          "Id of the key, user or team, or name of the integration; absent for `global`. The id of a key of the configuration is `config:` and its name.",
        ),
      period: z.enum(budgetPeriods),
      amount_micros: amount.describe("Millionths of the currency, for each period."),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, "must be three capital letters, as in USD")
        .default("USD")
        .describe("ISO 4217 code."),
      warn_at_percents: percents
        .default(defaultPercents)
        .describe("Parts of the amount that are told of once in a period when they are spent."),
      action: z
        .enum(budgetActions)
        .default("block")
        .describe("`block` refuses calls for which too little is left, `warn` only tells."),
    }),
    output: budgetSchema,
    run: async ({ name, scope, subject = "", period, amount_micros, currency, warn_at_percents, action }) => {
      await checkSubject(parts, scope, subject);
      if (!parts.hasPrices(currency)) {
        throw new PlatformError(
          "invalid_request",
          `No price in ${currency} is known, so that nothing could be counted. Add one to \`prices\`, or set \`budgets.unknown_price\`.`,
          { field: "currency" },
        );
      }
      const budget: Budget = {
        id: `budget_${randomUUID()}`,
        name,
        scope,
        subject,
        period,
        amountMicros: amount_micros,
        currency,
        warnAtPercents: toPercents(warn_at_percents),
        action,
        createdAtMs: Date.now(),
      };
      await book.insert(budget);
      return toRow(book, budget);
    },
  });
}

function changingOperations({ book }: BudgetOperationParts): readonly Operation[] {
  const before = ({ id }: { readonly id: string }) =>
    showAs(budgetSchema, toRow(book, requireBudget(book, id)));
  return [
    defineOperation({
      name: "budgets.update",
      summary: "Changes a budget. What is spent of it stays, and the change bites on the next call.",
      permission: "budgets.write",
      rest: { method: "PUT", path: "/api/v1/budgets/{id}" },
      audit: { target: toTarget, before },
      input: budgetId.extend({
        name: keyName.optional(),
        amount_micros: amount.optional(),
        warn_at_percents: percents.optional(),
        action: z.enum(budgetActions).optional(),
      }),
      output: budgetSchema,
      run: async ({ id, name, amount_micros, warn_at_percents, action }) => {
        requireBudget(book, id);
        await book.update(id, {
          name,
          amountMicros: amount_micros,
          warnAtPercents: warn_at_percents && toPercents(warn_at_percents),
          action,
        });
        return toRow(book, requireBudget(book, id));
      },
    }),
    defineOperation({
      name: "budgets.delete",
      summary: "Deletes a budget, and what is known of its use.",
      permission: "budgets.write",
      rest: { method: "DELETE", path: "/api/v1/budgets/{id}" },
      audit: { target: toTarget, before, after: () => null },
      input: budgetId,
      output: budgetSchema,
      run: async ({ id }) => {
        const row = toRow(book, requireBudget(book, id));
        await book.delete(id);
        return row;
      },
    }),
  ];
}

function toTarget(
  { id }: { readonly id: string },
  budget?: { readonly name: string },
): { readonly type: string; readonly id: string; readonly name: string | null } {
  return { type: "budget", id, name: budget?.name ?? null };
}

/** Throws PlatformError `invalid_request` for a subject that does not fit the scope, or that there is not. */
async function checkSubject(
  { identity, isConfiguredKey, isIntegration }: BudgetOperationParts,
  scope: Budget["scope"],
  subject: string,
): Promise<void> {
  const refuse = (what: string) => {
    throw new PlatformError("invalid_request", `\`subject\` ${what}.`, { field: "subject" });
  };
  if (scope === "global") {
    if (subject !== "") refuse("must be absent for a budget of all calls");
    return;
  }
  if (subject === "") refuse(`must say which ${scope} is meant`);
  if (scope === "key" && !isConfiguredKey(subject) && (await identity.apiKeys.find(subject)) === undefined)
    refuse("is not the id of a key");
  if (scope === "integration" && !isIntegration(subject)) refuse("is not the name of an integration");
  if (scope === "user" && (await identity.users.find(subject)) === undefined)
    refuse("is not the id of a user");
  if (scope === "team" && (await identity.teams.find(subject)) === undefined)
    refuse("is not the id of a team");
}

function toPercents(listed: readonly number[]): readonly number[] {
  return [...new Set(listed)].sort((a, b) => a - b);
}

function requireBudget({ budgets }: BudgetPort, id: string): Budget {
  const budget = budgets.find((each) => each.id === id);
  if (budget !== undefined) return budget;
  throw new PlatformError("not_found", `There is no budget with the id ${id}.`);
}

function toRow(book: BudgetPort, budget: Budget): z.output<typeof budgetSchema> {
  const use = book.use(budget.id);
  const { periodStartMs = 0, periodEndMs, spentMicros = 0, reservedMicros = 0 } = use ?? {};
  return {
    id: budget.id,
    name: budget.name,
    scope: budget.scope,
    subject: budget.subject === "" ? null : budget.subject,
    period: budget.period,
    currency: budget.currency,
    amount_micros: budget.amountMicros,
    warn_at_percents: budget.warnAtPercents,
    action: budget.action,
    spent_micros: spentMicros,
    assumed_micros: use?.assumedMicros ?? 0,
    reserved_micros: reservedMicros,
    remaining_micros: Math.max(0, budget.amountMicros - spentMicros - reservedMicros),
    period_start: new Date(periodStartMs).toISOString(),
    period_end: periodEndMs === undefined ? null : new Date(periodEndMs).toISOString(),
    created_at: new Date(budget.createdAtMs).toISOString(),
  };
}
