/** OpenAI's usage of a chat or completion. */
export interface UsageBlock {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
}

interface ChoiceCount {
  readonly generatedTokens: number;
  readonly cachedTokens: number;
}

/** Prompt tokens count once, however many choices were drawn from them; cached are those of the first choice. */
export function toUsage(promptTokens: number, ends: readonly ChoiceCount[]): UsageBlock {
  const completionTokens = ends.reduce((sum, end) => sum + end.generatedTokens, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: ends[0]?.cachedTokens ?? 0 },
  };
}
