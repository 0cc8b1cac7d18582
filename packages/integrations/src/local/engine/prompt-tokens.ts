import type { JsonObject } from "@llm-platform/kit";
import type { LlamaModel, Token } from "node-llama-cpp";
import type { TemplateMessage } from "./chat-template.ts";
import { contextOverflow } from "./engine-failure.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import { PromptGuard, type PromptPiece } from "./prompt-text.ts";

/** A chat to be written as a prompt. */
export interface ChatPrompt {
  readonly messages: readonly TemplateMessage[];
  readonly tools: readonly JsonObject[];
  readonly variables: JsonObject;
}

/**
 * Tokens of a chat by the model's own template; names of control tokens in the callers' text are plain text.
 *
 * @throws PlatformError `context_length_exceeded` when no room is left for an answer
 */
export function tokenizeChat(engine: LoadedEngine, prompt: ChatPrompt): Token[] {
  const guard = new PromptGuard(engine.controlTexts);
  const { messages, tools, variables } = prompt;
  const write = (shown: ChatPrompt["tools"]): string =>
    engine.template.render(guard.protect({ messages, tools: shown, variables }));
  const rendered = write(tools);
  // Clients add tools by themselves: who wrote a short question is not to look for the fault in it.
  const larger = (): string =>
    tools.length > 0 && write([]).length < rendered.length / 2 ? "tools" : "messages";
  refuseHopeless(engine, rendered, larger);
  const tokens = withBos(engine.model, tokenizePieces(engine.model, guard.split(rendered)));
  if (tokens.length >= engine.contextTokens)
    throw contextOverflow(larger(), tokens.length, engine.contextTokens);
  return tokens;
}

/** Tokens of a raw prompt. Here the caller writes the template himself, so control tokens mean what they say. */
export function tokenizeRaw(engine: LoadedEngine, text: string, field: string): Token[] {
  const { model } = engine;
  refuseHopeless(engine, text, () => field);
  return withBos(model, model.tokenize(text, true));
}

/** Tokenising blocks every other call, so a text that cannot fit even in the longest tokens is refused before. */
function refuseHopeless(engine: LoadedEngine, text: string, field: () => string): void {
  const { longestTokenCharacters, contextTokens } = engine;
  if (longestTokenCharacters === 0 || text.length <= contextTokens * longestTokenCharacters) return;
  throw contextOverflow(field(), Math.ceil(text.length / longestTokenCharacters), contextTokens);
}

function tokenizePieces(model: LlamaModel, pieces: readonly PromptPiece[]): Token[] {
  const tokens: Token[] = [];
  for (const [index, piece] of pieces.entries()) {
    tokens.push(...model.tokenize(piece.text, piece.isTrusted, index === 0 ? undefined : "trimLeadingSpace"));
  }
  return tokens;
}

function withBos(model: LlamaModel, tokens: Token[]): Token[] {
  const { bos, shouldPrependBosToken } = model.tokens;
  if (bos === null) return tokens;
  if (shouldPrependBosToken && tokens[0] !== bos) return [bos, ...tokens];
  if (tokens.length === 0) return [bos];
  return tokens;
}
