import type { Usage } from "@llm-platform/kit";

/** Reads the `usage` object of the OpenAI dialect. Anything that is not a count of tokens is left out. */
export function parseOpenAiUsage(value: unknown): Usage | undefined {
  const usage = toRecord(value);
  if (usage === undefined) return undefined;
  const prompt = toRecord(usage["prompt_tokens_details"]);
  const completion = toRecord(usage["completion_tokens_details"]);
  return withoutAbsent({
    inputTokens: toCount(usage["prompt_tokens"]),
    outputTokens: toCount(usage["completion_tokens"]),
    cacheReadTokens: toCount(prompt?.["cached_tokens"]),
    reasoningTokens: toCount(completion?.["reasoning_tokens"]),
  });
}

/** A count of tokens, or undefined when the value is none. */
export function toCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A JSON object as a record, or undefined when the value is none. */
export function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface MaybeUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** Leaves out the parts that were not reported. Undefined when nothing was. */
export function withoutAbsent(usage: MaybeUsage): Usage | undefined {
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const told: { -readonly [Part in keyof Usage]: Usage[Part] } = {};
  if (inputTokens !== undefined) told.inputTokens = inputTokens;
  if (outputTokens !== undefined) told.outputTokens = outputTokens;
  if (cacheReadTokens !== undefined) told.cacheReadTokens = cacheReadTokens;
  if (reasoningTokens !== undefined) told.reasoningTokens = reasoningTokens;
  return told;
}
