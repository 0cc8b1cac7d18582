import { randomBytes } from "node:crypto";
import type { Token } from "node-llama-cpp";
import { type CompletionRequest, completionRequestSchema } from "./completion-request.ts";
import { contextOverflow, unsupported } from "./engine-failure.ts";
import { drain, type GenerationEnd, generate } from "./generate.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import type { TokenLogprob } from "./logprobs.ts";
import { tokenizeRaw } from "./prompt-tokens.ts";
import { type ReplyWriter, settleAll } from "./reply-writer.ts";
import { withSamplingDefaults } from "./request-defaults.ts";
import { parseRequest } from "./request-parse.ts";
import { type Sampling, seedOfChoice, toSampling, toStopStrings } from "./sampling.ts";
import { toToken } from "./token-id.ts";
import { toUsage } from "./usage-block.ts";

interface Prompt {
  readonly tokens: readonly Token[];
  readonly text: string;
}

interface Run {
  readonly index: number;
  readonly prompt: Prompt;
  readonly seed: number;
}

interface Ended {
  readonly index: number;
  readonly text: string;
  readonly logprobs: readonly TokenLogprob[];
  readonly reason: GenerationEnd["reason"];
  readonly generatedTokens: number;
  readonly cachedTokens: number;
}

/** Answers one completion request, whole or as a stream. Throws PlatformError before the first byte. */
export async function answerCompletion(
  engine: LoadedEngine,
  body: unknown,
  writer: ReplyWriter,
): Promise<void> {
  const request = parseRequest(completionRequestSchema, withSamplingDefaults(body, engine.defaults));
  refuseCombinations(request);
  const prompts = toPrompts(engine, request);
  const sampling = toSampling(request);
  const head = {
    id: `cmpl-${randomBytes(16).toString("hex")}`,
    object: "text_completion",
    created: Math.floor(Date.now() / 1000),
    model: engine.modelId,
    system_fingerprint: null,
  };
  const withUsage = request.stream_options?.include_usage === true;
  const send = async (choices: readonly object[], usage: object | null): Promise<void> => {
    await writer.event(withUsage ? { ...head, choices, usage } : { ...head, choices });
  };
  const runs = prompts.flatMap((prompt, promptIndex) =>
    Array.from({ length: request.n }, (_, choice): Run => {
      return { index: promptIndex * request.n + choice, prompt, seed: seedOfChoice(sampling.seed, choice) };
    }),
  );
  const completer = { engine, request, sampling, writer, send };
  const ends = await settleAll(
    runs.map(async (run) => await complete(completer, run)),
    writer,
  );
  if (writer.signal.aborted) return;
  const promptTokens = prompts.reduce((sum, prompt) => sum + prompt.tokens.length, 0);
  const usage = toUsage(promptTokens, ends);
  if (!request.stream) {
    writer.json(200, {
      ...head,
      choices: ends.map((end) => toChoice(end, request.logprobs !== undefined)),
      usage,
    });
    return;
  }
  if (withUsage) await send([], usage);
  writer.endEvents();
}

interface Completer {
  readonly engine: LoadedEngine;
  readonly request: CompletionRequest;
  readonly sampling: Sampling;
  readonly writer: ReplyWriter;
  send(choices: readonly object[], usage: object | null): Promise<void>;
}

async function complete(completer: Completer, run: Run): Promise<Ended> {
  const { engine, request, sampling, writer } = completer;
  const { index, prompt } = run;
  if (engine.sequences === undefined) throw unsupported("model", "This model only embeds.");
  return await engine.sequences.lend(prompt.tokens, writer.signal, async (lease) => {
    let text = request.echo ? prompt.text : "";
    const logprobs: TokenLogprob[] = [];
    if (request.stream && request.echo)
      await completer.send([{ index, text, logprobs: null, finish_reason: null }], null);
    const pieces = generate(engine, lease, {
      prompt: prompt.tokens,
      sampling: { ...sampling, seed: run.seed },
      maxTokens: request.max_tokens,
      stops: toStopStrings(request.stop),
      topLogprobs: request.logprobs,
      grammar: () => undefined,
      isComplete: () => false,
      signal: writer.signal,
    });
    const end = await drain(pieces, async (piece) => {
      const offset = text.length;
      text += piece.text;
      logprobs.push(...piece.logprobs);
      if (!request.stream) return;
      const shown = request.logprobs === undefined ? null : toLegacyLogprobs(piece.logprobs, offset);
      await completer.send([{ index, text: piece.text, logprobs: shown, finish_reason: null }], null);
    });
    engine.report.generated(end.generatedTokens);
    if (request.stream)
      await completer.send([{ index, text: "", logprobs: null, finish_reason: end.reason }], null);
    return {
      index,
      text,
      logprobs,
      reason: end.reason,
      generatedTokens: end.generatedTokens,
      cachedTokens: lease.cachedTokens,
    };
  });
}

function refuseCombinations(request: CompletionRequest): void {
  if (request.best_of !== undefined && request.best_of !== request.n) {
    throw unsupported("best_of", "The local engine draws exactly 'n' choices; leave 'best_of' out.");
  }
  if (request.echo && request.logprobs !== undefined) {
    throw unsupported(
      "echo",
      "The local engine gives no log probabilities of the prompt; use either 'echo' or 'logprobs'.",
    );
  }
}

function toPrompts(engine: LoadedEngine, request: CompletionRequest): readonly Prompt[] {
  const { model, contextTokens } = engine;
  const { prompt } = request;
  const inputs: (string | readonly number[])[] = [];
  const single: number[] = [];
  if (typeof prompt === "string") inputs.push(prompt);
  else {
    for (const item of prompt) {
      if (typeof item === "number") single.push(item);
      else inputs.push(item);
    }
  }
  if (single.length > 0) inputs.push(single);
  return inputs.map((input, index) => {
    const field = inputs.length === 1 ? "prompt" : `prompt[${index}]`;
    const tokens =
      typeof input === "string"
        ? tokenizeRaw(engine, input, field)
        : input.map((id) => toToken(model, id, field));
    if (tokens.length >= contextTokens) throw contextOverflow(field, tokens.length, contextTokens);
    return { tokens, text: typeof input === "string" ? input : model.detokenize(tokens) };
  });
}

function toChoice(end: Ended, withLogprobs: boolean): object {
  return {
    index: end.index,
    text: end.text,
    logprobs: withLogprobs ? toLegacyLogprobs(end.logprobs, 0) : null,
    finish_reason: end.reason,
  };
}

/** The older shape of log probabilities: parallel lists. */
function toLegacyLogprobs(logprobs: readonly TokenLogprob[], start: number): object {
  let offset = start;
  const offsets = logprobs.map((entry) => {
    const at = offset;
    offset += entry.token.length;
    return at;
  });
  return {
    tokens: logprobs.map((entry) => entry.token),
    token_logprobs: logprobs.map((entry) => entry.logprob),
    top_logprobs: logprobs.map((entry) =>
      Object.fromEntries(entry.top_logprobs.map((top) => [top.token, top.logprob])),
    ),
    text_offset: offsets,
  };
}
