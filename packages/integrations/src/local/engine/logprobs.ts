import type { LlamaModel, Token } from "node-llama-cpp";

/** A token and how likely it was, in OpenAI's shape. */
export interface TokenChance {
  readonly token: string;
  readonly logprob: number;
  /** UTF-8 of the token; null for a part of a character. */
  readonly bytes: readonly number[] | null;
}

export interface TokenLogprob extends TokenChance {
  readonly top_logprobs: readonly TokenChance[];
}

/** What OpenAI's API says for a token that could not come. */
const impossibleLogprob = -9999;

/** What a token was drawn from, and how many of the likeliest are told beside it. */
interface DrawnFrom {
  readonly probabilities: ReadonlyMap<Token, number> | undefined;
  readonly topCount: number;
}

/**
 * The log probabilities of one token, from those that it was drawn from: after temperature,
 * top_p, penalties, biases and grammar.
 */
export function describeToken(
  model: LlamaModel,
  token: Token,
  { probabilities, topCount }: DrawnFrom,
): TokenLogprob {
  const top: TokenChance[] = [];
  for (const [candidate, probability] of probabilities ?? []) {
    if (top.length >= topCount || probability <= 0) break;
    top.push(toChance(model, candidate, probability));
  }
  return { ...toChance(model, token, probabilities?.get(token) ?? 0), top_logprobs: top };
}

function toChance(model: LlamaModel, token: Token, probability: number): TokenChance {
  const text = model.detokenize([token], true);
  const logprob = probability > 0 ? Math.log(probability) : impossibleLogprob;
  return { token: text, logprob, bytes: text.includes("\uFFFD") ? null : [...Buffer.from(text)] };
}
