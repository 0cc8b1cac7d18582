import { invalidField, isJsonArray, isJsonObject, type Json, type JsonObject } from "@llm-platform/kit";
import { unsupported } from "./field-rules.ts";

/**
 * How a model is told to think: newer ones decide by themselves, within an effort, and refuse to be given a number of
 * tokens, which is all that older ones know.
 */
export type ThinkingForm = "adaptive" | "budget";

interface Effort {
  /** Anthropic's word. */
  readonly effort: string;
  /** Tokens that a model may think for. */
  readonly budgetTokens: number;
}

/** OpenAI's words for how much a model should think. */
const efforts: Readonly<Record<string, Effort>> = {
  minimal: { effort: "low", budgetTokens: 1_024 },
  low: { effort: "low", budgetTokens: 2_048 },
  medium: { effort: "medium", budgetTokens: 8_192 },
  high: { effort: "high", budgetTokens: 24_576 },
  xhigh: { effort: "xhigh", budgetTokens: 32_768 },
  max: { effort: "max", budgetTokens: 32_768 },
};
/** The least that Anthropic takes. */
const leastBudget = 1_024;

export interface EncodedReasoning {
  readonly thinking?: JsonObject;
  /** Belongs into `output_config`. */
  readonly effort?: string;
}

/**
 * How much the model thinks. Nothing where a tool's result is to be answered: Anthropic then wants the thoughts back that
 * led to the call, with its own signature on them, which OpenAI's shape cannot carry.
 * @param maxTokens those of the whole reply, of which the thoughts are a part
 */
export function encodeReasoning(
  request: JsonObject,
  maxTokens: number,
  form: ThinkingForm,
): EncodedReasoning {
  const word = request.reasoning_effort ?? undefined;
  if (word === undefined || word === "none") return {};
  if (typeof word !== "string") throw invalidField("reasoning_effort", "a text");
  const known = Object.hasOwn(efforts, word) ? efforts[word] : undefined;
  if (known === undefined)
    throw unsupported("reasoning_effort", `Only none, ${Object.keys(efforts).join(", ")} are possible.`);
  if (isToolResult(request.messages)) return {};
  if (form === "adaptive") return { thinking: { type: "adaptive" }, effort: known.effort };
  if (maxTokens <= leastBudget)
    throw unsupported("reasoning_effort", `It needs \`max_tokens\` above ${leastBudget}.`);
  return { thinking: { type: "enabled", budget_tokens: Math.min(known.budgetTokens, maxTokens - 1) } };
}

function isToolResult(messages: Json | undefined): boolean {
  const last = isJsonArray(messages) ? messages.at(-1) : undefined;
  return isJsonObject(last) && last.role === "tool";
}
