/** What an upstream told of a prompt that does not fit, in tokens. Either is absent where it did not say. */
export interface ContextOverflow {
  /** What the prompt has at least; an answer may have been counted in. */
  readonly promptTokens?: number;
  /** What the model holds, prompt and answer together. */
  readonly contextTokens?: number;
}

/**
 * How servers say that prompt and answer do not fit into the model's window; the first that matches counts.
 * There is no standard for it: OpenAI has a code, llama.cpp a type and fields, others a sentence with status 400, 422 or 500.
 */
const sayings: readonly RegExp[] = [
  // OpenAI, vLLM, text-generation-webui, DeepSeek, and the engine of `local`.
  /maximum context length is (?<context>\d+) tokens.{0,200}?(?:resulted in(?: over)?|contains(?: at least)?|has(?: at least)?) (?<prompt>\d+)/s,
  // OpenAI and vLLM, where an answer was asked for that is too long; SGLang.
  /maximum context length (?:is|of) (?<context>\d+) tokens.{0,200}?(?:\(|: )(?<prompt>\d+) (?:tokens )?(?:in|from) /s,
  /maximum context length (?:is|of) (?<context>\d+)/,
  // vLLM
  /\(total length (?<prompt>\d+)\) is too long to fit into the model \(context length (?<context>\d+)\)/,
  /\(length (?<prompt>\d+)\) is longer than the maximum model length of (?<context>\d+)/,
  /passed (?<prompt>\d+) input tokens.{0,80}?context length is only (?<context>\d+) tokens/s,
  // vLLM, where the prompt alone is longer than the window.
  /max_tokens must be at least 1, got -\d/,
  // SGLang
  /input \((?<prompt>\d+) tokens\) is longer than the model's context length \((?<context>\d+) tokens\)/,
  // llama.cpp, and LocalAI, which passes it on.
  /request \((?<prompt>\d+) tokens\) exceeds the available context size \((?<context>\d+) tokens\)/,
  /exceeds the available context size|context size has been exceeded/i,
  // llama-cpp-python
  /requested tokens \((?<prompt>\d+)\) exceed context window of (?<context>\d+)/i,
  // LM Studio
  /keep the first (?<prompt>\d+) tokens.{0,200}?context length of only (?<context>\d+) tokens/s,
  /n_keep: (?<prompt>\d+) >= n_ctx: (?<context>\d+)/,
  // text-generation-inference
  /must be <= (?<context>\d+)\. Given: (?<prompt>\d+) `inputs` tokens/,
  // Ollama
  /input length exceeds (?:the|maximum) context length|prompt too long; exceeded max context length/,
  // Anthropic
  /prompt is too long: (?<prompt>\d+) tokens > (?<context>\d+) maximum/,
  /exceed context limit: (?<prompt>\d+) \+ \d+ > (?<context>\d+)/,
  /prompt is too long/,
  // Gemini
  /input token count \((?<prompt>\d+)\) exceeds the maximum number of tokens allowed \((?<context>\d+)\)/,
  // Mistral
  /Prompt contains (?<prompt>\d+) tokens.{0,80}?too large for model with (?<context>\d+) maximum context length/s,
];

/** A sentence is looked at as far as this: behind it, some servers repeat the request. */
const lookedAtCharacters = 1_000;

/**
 * Whether an upstream's error is about the model's window; undefined where it is about something else.
 * Only numbers are taken from its sentence, which may hold parts of the prompt.
 *
 * @param error its envelope, or what it has under `error`
 */
export function readContextOverflow(
  error: Readonly<Record<string, unknown>> | string | undefined,
): ContextOverflow | undefined {
  if (error === undefined) return undefined;
  if (typeof error === "string") return readSaying(error);
  const { code, type, message } = error;
  const said = readSaying(typeof message === "string" ? message : "");
  if (type === "exceed_context_size_error") {
    return { ...said, ...counts(error["n_prompt_tokens"], error["n_ctx"]) };
  }
  return said ?? (code === "context_length_exceeded" ? {} : undefined);
}

/** The same in our own words, with what to do about it. */
export function describeContextOverflow(
  { promptTokens, contextTokens }: ContextOverflow,
  field: string | undefined,
): string {
  const prompt = field === undefined ? "the prompt" : `'${field}'`;
  if (contextTokens === undefined)
    return `The prompt does not fit into the model's context. Shorten ${prompt}.`;
  const most = `The model's maximum context length is ${contextTokens} tokens`;
  if (promptTokens === undefined) {
    return `${most}, which prompt and answer together exceed. Shorten ${prompt}, or ask for a shorter answer.`;
  }
  if (promptTokens >= contextTokens)
    return `${most}, and the prompt has at least ${promptTokens}. Shorten ${prompt}.`;
  return `${most}, and the prompt has ${promptTokens}, which leaves too few for the answer. Shorten ${prompt}, or ask for a shorter answer.`;
}

function readSaying(sentence: string): ContextOverflow | undefined {
  const looked = sentence.slice(0, lookedAtCharacters);
  for (const saying of sayings) {
    const match = saying.exec(looked);
    if (match !== null) return counts(Number(match.groups?.["prompt"]), Number(match.groups?.["context"]));
  }
  return undefined;
}

function counts(prompt: unknown, context: unknown): ContextOverflow {
  return {
    ...(isCount(prompt) ? { promptTokens: prompt } : {}),
    ...(isCount(context) ? { contextTokens: context } : {}),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
