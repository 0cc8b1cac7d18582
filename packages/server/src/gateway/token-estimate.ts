import type { TokenCounts } from "../core/cost.ts";
import type { GatewayCall } from "./gateway-call.ts";

/**
 * What a call is taken to use until it has ended.
 * @param assumedOutputTokens for a reply that may be of any length
 */
export function assumedTokens(
  { operation, head, estimatedInputTokens }: GatewayCall,
  assumedOutputTokens: number,
): TokenCounts {
  const outputTokens = operation === "embedding" ? 0 : (head.maxTokens ?? assumedOutputTokens) * head.choices;
  return { inputTokens: estimatedInputTokens, outputTokens };
}
