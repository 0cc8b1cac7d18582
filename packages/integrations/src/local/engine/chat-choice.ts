import { randomBytes } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import type { LlamaGrammarEvaluationState } from "node-llama-cpp";
import type { ChatPlan } from "./chat-plan.ts";
import { drain, generate, openGrammar } from "./generate.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import type { TokenLogprob } from "./logprobs.ts";
import { seedOfChoice } from "./sampling.ts";
import { type ReplyPart, ToolCallParser } from "./tool-call-parser.ts";

/** Something new in one choice. */
export interface ChoiceDelta {
  readonly choice: number;
  readonly content?: string;
  readonly toolCall?: {
    readonly index: number;
    readonly id: string;
    readonly name: string;
    readonly argumentsText: string;
  };
  readonly logprobs?: readonly TokenLogprob[];
}

export interface ChoiceEnd {
  readonly choice: number;
  readonly reason: "stop" | "length" | "tool_calls";
  readonly generatedTokens: number;
  readonly cachedTokens: number;
}

/** Where a choice's text goes; resolves when more may come. */
export type DeltaSink = (delta: ChoiceDelta) => Promise<void>;

/** Generates one choice of a chat over a sequence of its own. */
export async function runChoice(
  engine: LoadedEngine,
  plan: ChatPlan,
  run: { readonly choice: number; readonly sink: DeltaSink; readonly signal: AbortSignal },
): Promise<ChoiceEnd> {
  const { choice, sink, signal } = run;
  const reader = new ReplyReader(plan.toolNames, choice);
  const grammars = await openGrammars(engine, plan);
  if (engine.sequences === undefined) throw new PlatformError("internal", "The model only embeds.");
  return await engine.sequences.lend(plan.prompt, signal, async (lease) => {
    const pieces = generate(engine, lease, {
      prompt: plan.prompt,
      sampling: { ...plan.sampling, seed: seedOfChoice(plan.sampling.seed, choice) },
      maxTokens: plan.maxTokens,
      stops: plan.stops,
      topLogprobs: plan.topLogprobs,
      signal,
      grammar: () => grammars.next(reader.isInCall, reader.isAtCallStart),
      isComplete: () => reader.callCount >= plan.mostCalls,
    });
    const end = await drain(pieces, async (piece) => {
      for (const delta of reader.read(piece.text, piece.logprobs)) await sink(delta);
    });
    for (const delta of reader.end()) await sink(delta);
    engine.report.generated(end.generatedTokens);
    const reason = end.reason === "stop" && reader.callCount > 0 ? "tool_calls" : end.reason;
    return { choice, reason, generatedTokens: end.generatedTokens, cachedTokens: lease.cachedTokens };
  });
}

/** Makes deltas of the parts of a reply. */
class ReplyReader {
  readonly #parser: ToolCallParser | undefined;
  readonly #choice: number;
  #logprobs: TokenLogprob[] = [];
  /** Calls told so far. */
  callCount = 0;

  constructor(toolNames: readonly string[], choice: number) {
    this.#parser = toolNames.length === 0 ? undefined : new ToolCallParser(toolNames);
    this.#choice = choice;
  }

  get isInCall(): boolean {
    return this.#parser?.isInCall ?? false;
  }

  get isAtCallStart(): boolean {
    return this.#parser?.isAtCallStart ?? false;
  }

  read(text: string, logprobs: readonly TokenLogprob[]): readonly ChoiceDelta[] {
    this.#logprobs.push(...logprobs);
    if (this.#parser !== undefined) return this.#toDeltas(this.#parser.push(text));
    return text === "" ? [] : this.#toDeltas([{ type: "content", text }]);
  }

  end(): readonly ChoiceDelta[] {
    const deltas = this.#toDeltas(this.#parser?.end() ?? []);
    if (this.#logprobs.length === 0) return deltas;
    return [...deltas, { choice: this.#choice, content: "", logprobs: this.#takeLogprobs() }];
  }

  #toDeltas(parts: readonly ReplyPart[]): readonly ChoiceDelta[] {
    return parts.map((part) => {
      const choice = this.#choice;
      if (part.type === "content") {
        return {
          choice,
          content: part.text,
          ...(this.#logprobs.length === 0 ? {} : { logprobs: this.#takeLogprobs() }),
        };
      }
      const id = `call_${randomBytes(12).toString("hex")}`;
      const toolCall = { index: this.callCount, id, name: part.name, argumentsText: part.argumentsText };
      this.callCount += 1;
      return { choice, toolCall };
    });
  }

  #takeLogprobs(): readonly TokenLogprob[] {
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    return logprobs;
  }
}

interface Grammars {
  /** The grammar for the next token. */
  next(isInCall: boolean, isAtCallStart: boolean): LlamaGrammarEvaluationState | undefined;
}

/** A grammar for tool calls starts when the model opens a call and ends with the call; the one of the reply never ends. */
async function openGrammars(engine: LoadedEngine, plan: ChatPlan): Promise<Grammars> {
  const { grammar, callGrammar } = plan;
  if (grammar !== undefined) {
    const state = await openGrammar(engine, grammar.grammar, grammar.field);
    return { next: () => state };
  }
  if (callGrammar === undefined) return { next: () => undefined };
  const fresh = await openGrammar(engine, callGrammar.grammar, callGrammar.field);
  let current: LlamaGrammarEvaluationState | undefined;
  return {
    next(isInCall, isAtCallStart) {
      if (!isInCall) current = undefined;
      else if (isAtCallStart) current ??= fresh.clone();
      return current;
    },
  };
}
