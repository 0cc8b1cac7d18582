import { PlatformError } from "@llm-platform/kit";
import {
  LlamaGrammarEvaluationState,
  type SequenceEvaluateOptions,
  type Token,
  TokenBias,
} from "node-llama-cpp";
import { toPlaceInStep } from "./batch-choice.ts";
import { unsupported } from "./engine-failure.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import { describeToken, type TokenLogprob } from "./logprobs.ts";
import type { Sampling } from "./sampling.ts";
import type { SequenceLease } from "./sequence-pool.ts";
import { StopMatcher } from "./stop-matcher.ts";
import { toToken } from "./token-id.ts";
import { TokenText } from "./token-text.ts";

/** Prompts are evaluated in steps of so many tokens, so that a cancelled call stops soon. */
const promptStepTokens = 256;

/** What is generated, and how. */
export interface Generation {
  readonly prompt: readonly Token[];
  readonly sampling: Sampling;
  readonly maxTokens: number;
  readonly stops: readonly string[];
  /** The grammar in force for the next token; it may change between tokens. */
  readonly grammar: () => LlamaGrammarEvaluationState | undefined;
  /** How many alternatives to tell for each token; undefined for no log probabilities at all. */
  readonly topLogprobs: number | undefined;
  /** Whether what came so far is all that was asked for. */
  readonly isComplete: () => boolean;
  readonly signal: AbortSignal;
}

/** A piece of a reply. `text` may be empty while a stop string is awaited. */
export interface GeneratedPiece {
  readonly text: string;
  readonly logprobs: readonly TokenLogprob[];
}

/** How a generation ended. */
export interface GenerationEnd {
  readonly reason: "stop" | "length";
  readonly generatedTokens: number;
}

interface GeneratedToken {
  readonly token: Token;
  readonly probabilities?: ReadonlyMap<Token, number>;
}

/** Makes a grammar ready for one generation. Throws PlatformError `unsupported_parameter` when the engine cannot use it. */
export async function openGrammar(
  engine: LoadedEngine,
  grammar: string,
  field: string,
): Promise<LlamaGrammarEvaluationState> {
  try {
    return new LlamaGrammarEvaluationState({
      model: engine.model,
      grammar: await engine.llama.createGrammar({ grammar }),
    });
  } catch (error) {
    throw new PlatformError(
      "unsupported_parameter",
      `The local engine cannot use the schema in '${field}'.`,
      { field, cause: error },
    );
  }
}

/**
 * Generates over a lent sequence, piece by piece.
 * Ends early, without an error, when the signal is aborted: nobody is there to hear it.
 */
export async function* generate(
  engine: LoadedEngine,
  lease: SequenceLease,
  generation: Generation,
): AsyncGenerator<GeneratedPiece, GenerationEnd> {
  const { signal, topLogprobs } = generation;
  const text = new TokenText(engine.model, (token) => engine.visibleSpecials.has(token));
  const stops = new StopMatcher(generation.stops);
  const generated: Token[] = [];
  const room = Math.min(generation.maxTokens, engine.contextTokens - generation.prompt.length);
  if (room <= 0) return { reason: "length", generatedTokens: 0 };
  const rest = await evaluatePrompt(lease, generation);
  if (signal.aborted) return { reason: "stop", generatedTokens: 0 };
  const options = {
    ...toEvaluateOptions(engine, generation, generated),
    evaluationPriority: toPlaceInStep(lease.number),
  };
  const outputs: AsyncIterable<GeneratedToken> =
    topLogprobs === undefined
      ? lease.sequence.evaluateWithMetadata(rest, {}, options)
      : lease.sequence.evaluateWithMetadata(rest, { probabilities: true }, options);
  for await (const output of outputs) {
    const { token } = output;
    if (signal.aborted) break;
    generated.push(token);
    const logprobs =
      topLogprobs === undefined
        ? []
        : [
            describeToken(engine.model, token, {
              probabilities: output.probabilities,
              topCount: topLogprobs,
            }),
          ];
    const found = stops.push(text.push(token));
    if (found.text !== "" || logprobs.length > 0) yield { text: found.text, logprobs };
    if (found.isStopped || generation.isComplete())
      return { reason: "stop", generatedTokens: generated.length };
    if (generated.length < room) {
      const pause = lease.pause();
      if (pause !== undefined) await pause;
      continue;
    }
    yield* flush(text, stops);
    return { reason: "length", generatedTokens: generated.length };
  }
  yield* flush(text, stops);
  return { reason: "stop", generatedTokens: generated.length };
}

/** Hands every piece on and returns how the generation ended. */
export async function drain<Piece, End>(
  pieces: AsyncGenerator<Piece, End>,
  take: (piece: Piece) => Promise<void>,
): Promise<End> {
  try {
    while (true) {
      const { value, done } = await pieces.next();
      if (done === true) return value;
      await take(value);
    }
  } catch (error) {
    await pieces[Symbol.asyncDispose]();
    throw error;
  }
}

function* flush(text: TokenText<Token>, stops: StopMatcher): Generator<GeneratedPiece> {
  const found = stops.push(text.end());
  const last = found.isStopped ? found.text : found.text + stops.end();
  if (last !== "") yield { text: last, logprobs: [] };
}

/** Evaluates all of the prompt but its end, which is returned. */
async function evaluatePrompt(lease: SequenceLease, generation: Generation): Promise<Token[]> {
  let rest = generation.prompt.slice(lease.cachedTokens);
  while (rest.length > promptStepTokens && !generation.signal.aborted) {
    await lease.sequence.evaluateWithoutGeneratingNewTokens(rest.slice(0, promptStepTokens), {
      evaluationPriority: toPlaceInStep(lease.number),
    });
    rest = rest.slice(promptStepTokens);
    const pause = lease.pause();
    if (pause !== undefined) await pause;
  }
  return rest;
}

function toEvaluateOptions(
  engine: LoadedEngine,
  generation: Generation,
  generated: Token[],
): SequenceEvaluateOptions {
  const { sampling } = generation;
  const isPenalised =
    sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0 || sampling.repeatPenalty !== 1;
  return {
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    minP: sampling.minP,
    seed: sampling.seed,
    grammarEvaluationState: generation.grammar,
    ...(sampling.logitBias.length === 0 ? {} : { tokenBias: toTokenBias(engine, sampling.logitBias) }),
    ...(isPenalised
      ? {
          repeatPenalty: {
            punishTokens: () => generated,
            maxPunishTokens: engine.contextTokens,
            penalty: sampling.repeatPenalty,
            frequencyPenalty: sampling.frequencyPenalty,
            presencePenalty: sampling.presencePenalty,
          },
        }
      : {}),
  };
}

function toTokenBias(engine: LoadedEngine, biases: Sampling["logitBias"]): TokenBias {
  const bias = TokenBias.for(engine.model);
  for (const [token, logit] of biases) bias.set(toBiasToken(engine, token), { logit });
  return bias;
}

/** The library passes over tokens that end a reply; that is told, not hidden. */
function toBiasToken(engine: LoadedEngine, id: number): Token {
  const field = `logit_bias.${id}`;
  const token = toToken(engine.model, id, field);
  if (engine.model.isEogToken(token))
    throw unsupported(field, `'${field}' ends a reply; the local engine cannot bias such a token.`);
  return token;
}
