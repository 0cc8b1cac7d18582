import type { Redis } from "ioredis";
import type { BudgetAnswer, BudgetAsk } from "../core/budget-lease.ts";
import { budgetScript } from "./budget-script.ts";
import { type LimitExchangeParts, replicaLifeMs } from "./limit-exchange.ts";
import { evaluate, toScript } from "./redis-script.ts";

/** Longer than a budget that is used goes unasked: one that was forgotten begins with what the ledger has. */
const keptMs = 86_400_000;
const answerSize = 4;
const script = toScript(budgetScript);

/** Asks Redis, in one round trip, and resolves with answers in the order of the asks. Rejects when it cannot be asked, or says something else than it should. */
export async function exchangeBudgets(
  redis: Redis,
  asks: readonly BudgetAsk[],
  { replica, keyPrefix }: Pick<LimitExchangeParts, "replica" | "keyPrefix">,
): Promise<readonly BudgetAnswer[]> {
  const keys = [
    `${keyPrefix}replicas`,
    ...asks.map(({ budgetId, periodStartMs }) => `${keyPrefix}budget:${budgetId}:${periodStartMs}`),
  ];
  const list = JSON.stringify(asks.map(toWire));
  const rest = [keys.length, ...keys, replica, replicaLifeMs, keptMs, list] as const;
  return parseReply(await evaluate(redis, script, rest), asks.length);
}

function toWire(ask: BudgetAsk): readonly number[] {
  const { amount, recorded, unrecorded, fresh, spent, lease, reserved, need, want } = ask;
  return [amount, recorded, unrecorded, fresh, spent, lease, reserved, need, want];
}

function parseReply(reply: unknown, asks: number): readonly BudgetAnswer[] {
  if (!Array.isArray(reply) || reply.length !== asks * answerSize)
    throw new Error("the script of budgets answered something else");
  const numbers = reply.map(Number);
  return Array.from({ length: asks }, (_, at) => {
    const [granted = 0, spent = 0, reservedElsewhere = 0, left = 0] = numbers.slice(at * answerSize);
    return { granted, spent, reservedElsewhere, left };
  });
}
