import { countAt, type JsonObject, objectAt, type Usage } from "@llm-platform/kit";

const names = [
  "input_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens",
  "thinking_tokens",
] as const;

/** Anthropic's counts of one reply: of a stream, the last of each that came. */
export type AnthropicCounts = Readonly<Partial<Record<(typeof names)[number], number>>>;

export function mergeCounts(counts: AnthropicCounts, usage: JsonObject): AnthropicCounts {
  const merged: Partial<Record<(typeof names)[number], number>> = { ...counts };
  for (const name of names) {
    const count = countAt(
      name === "thinking_tokens" ? objectAt(usage, "output_tokens_details") : usage,
      name,
    );
    if (count !== undefined) merged[name] = count;
  }
  return merged;
}

/** Anthropic counts what came from a cache, or went into one, beside the other tokens of the prompt; here it is part of them. */
export function decodeUsage(counts: AnthropicCounts): Usage | undefined {
  const {
    input_tokens: fresh,
    output_tokens: outputTokens,
    cache_read_input_tokens: cacheReadTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    thinking_tokens: reasoningTokens,
  } = counts;
  if (fresh === undefined && outputTokens === undefined) return undefined;
  return {
    ...(fresh === undefined ? {} : { inputTokens: fresh + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0) }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}
