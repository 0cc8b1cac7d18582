import { invalidField, isJsonArray, isJsonObject, type Json, type JsonObject } from "@llm-platform/kit";
import { unsupported } from "./field-rules.ts";

/** Tokens that a model may think for, by OpenAI's words for how much it should. */
const budgets: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
};
/** The least that Anthropic takes. */
const leastBudget = 1_024;

/**
 * How long the model thinks. Nothing where a tool's result is to be answered: Anthropic then wants the thoughts back that
 * led to the call, with its own signature on them, which OpenAI's shape cannot carry.
 * @param maxTokens those of the whole reply, of which the thoughts are a part
 */
export function encodeReasoning(request: JsonObject, maxTokens: number): JsonObject {
  const effort = request.reasoning_effort ?? undefined;
  if (effort === undefined || effort === "none") return {};
  if (typeof effort !== "string") throw invalidField("reasoning_effort", "a text");
  const budget = Object.hasOwn(budgets, effort) ? budgets[effort] : undefined;
  if (budget === undefined)
    throw unsupported("reasoning_effort", `Only none, ${Object.keys(budgets).join(", ")} are possible.`);
  if (isToolResult(request.messages)) return {};
  if (maxTokens <= leastBudget)
    throw unsupported("reasoning_effort", `It needs \`max_tokens\` above ${leastBudget}.`);
  return { thinking: { type: "enabled", budget_tokens: Math.min(budget, maxTokens - 1) } };
}

function isToolResult(messages: Json | undefined): boolean {
  const last = isJsonArray(messages) ? messages.at(-1) : undefined;
  return isJsonObject(last) && last.role === "tool";
}
