import {
  getLlama,
  type Llama,
  LlamaLogLevel,
  type LlamaModel,
  type LlamaModelOptions,
  type Token,
} from "node-llama-cpp";
import { createBatchChoice } from "./batch-choice.ts";
import { type ChatTemplate, createChatTemplate } from "./chat-template.ts";
import { createEmbedder, type Embedder } from "./embedder.ts";
import { readGpuBytes } from "./engine-gpu.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { RequestDefaults } from "./request-defaults.ts";
import { SequencePool } from "./sequence-pool.ts";

type LogLevel = "debug" | "info" | "warn" | "error";

/** Where the engine tells what happens. */
export interface EngineReport {
  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void;
  /** The library is open. Resolves when that is told: what comes next may end this process without a word. */
  opened(usesGpu: boolean): Promise<void>;
  /** Tokens that one call generated. */
  generated(tokens: number): void;
}

/** A model in memory with what is needed to serve it. */
export interface LoadedEngine {
  readonly modelId: string;
  readonly llama: Llama;
  readonly model: LlamaModel;
  /** Memory in use of the GPU before the model was loaded. */
  readonly gpuBytesBefore: number | undefined;
  readonly template: ChatTemplate;
  /** Texts of the control tokens, which callers cannot write. */
  readonly controlTexts: readonly string[];
  /** Control tokens that are part of a reply's text, such as the marks of a tool call. */
  readonly visibleSpecials: ReadonlySet<Token>;
  /** Tokens of prompt and answer that fit. */
  readonly contextTokens: number;
  /** Undefined for a model that only embeds. */
  readonly sequences: SequencePool | undefined;
  readonly embedder: Embedder;
  /** No token of the model stands for more text than this; 0 when unknown. */
  readonly longestTokenCharacters: number;
  /** What requests that leave something open are filled in with. */
  readonly defaults: RequestDefaults;
  readonly report: EngineReport;
}

const visibleNames = ["[TOOL_CALLS]", "<tool_call>", "</tool_call>", "<|python_tag|>"];

/** Loads the model. Rejects with the library's error when it cannot. */
export async function loadEngine(options: EngineOptions, report: EngineReport): Promise<LoadedEngine> {
  const llama = await getLlama({
    gpu: options.gpu === "auto" ? "auto" : false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    // The library's default is four threads or more, whatever the machine has; on fewer cores
    // the threads then wait for each other and a tiny model gets a thousand times slower.
    maxThreads: options.threads,
    logLevel: LlamaLogLevel.error,
    logger: (level, message) =>
      report.log(level === "error" ? "error" : "warn", "engine.library", {
        message: message.trim().slice(0, 1024),
      }),
  });
  await report.opened(llama.gpu !== false);
  const gpuBytesBefore = await readGpuBytes(llama);
  const model = await llama.loadModel({
    modelPath: options.modelPath,
    gpuLayers: toGpuLayers(options),
    metadataOverrides: toNested(options.overrides),
  });
  const sequences = options.isGenerative ? await createSequences(model, options) : undefined;
  const contextTokens = Math.min(options.contextTokens, sequences?.contextTokens ?? Number.POSITIVE_INFINITY);
  const { bosString, eosString } = model.tokens;
  const tokenizer = model.fileInfo.metadata.tokenizer;
  const template = createChatTemplate(options.chatTemplate ?? tokenizer?.chat_template, {
    bos: bosString ?? "",
    eos: eosString ?? "",
  });
  if (!template.isReadable) report.log("warn", "engine.template_unreadable", {});
  return {
    modelId: options.modelId,
    llama,
    model,
    gpuBytesBefore,
    template,
    controlTexts: findControlTexts(model),
    visibleSpecials: findVisibleSpecials(model),
    contextTokens,
    sequences: sequences?.pool,
    embedder: createEmbedder(model, { contextTokens: options.contextTokens, threads: options.threads }),
    longestTokenCharacters: (tokenizer?.ggml?.tokens ?? []).reduce(
      (longest, token) => Math.max(longest, token.length),
      0,
    ),
    defaults: options.defaults,
    report,
  };
}

async function createSequences(
  model: LlamaModel,
  options: EngineOptions,
): Promise<{ readonly pool: SequencePool; readonly contextTokens: number }> {
  const made: { pool?: SequencePool } = {};
  const context = await model.createContext({
    sequences: options.parallel,
    contextSize: options.contextTokens,
    threads: { ideal: options.threads, min: options.threads },
    batching: { itemPrioritizationStrategy: createBatchChoice(() => made.pool?.busyCount ?? 0) },
    ...optional("batchSize", options.batchTokens),
    ...(options.adapters.length === 0
      ? {}
      : { lora: { adapters: options.adapters.map(({ path, scale }) => ({ filePath: path, scale })) } }),
  });
  const sequences = Array.from({ length: options.parallel }, () => context.getSequence());
  const pool = new SequencePool(sequences, options.queueLength);
  made.pool = pool;
  return { pool, contextTokens: context.contextSize };
}

/** As many as leave room for the cache of all sequences: by itself the library leaves room for the smallest context only. */
function toGpuLayers({
  gpu,
  gpuLayers,
  contextTokens,
  parallel,
  isGenerative,
}: EngineOptions): NonNullable<LlamaModelOptions["gpuLayers"]> {
  if (gpu === "off") return 0;
  const contextSize = isGenerative ? contextTokens * parallel : contextTokens;
  return gpuLayers ?? { fitContext: { contextSize, embeddingContext: !isGenerative } };
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } | object {
  return value === undefined ? {} : { [name]: value };
}

/** `{"llama.rope.freq_base": 1}` as the library takes it: `{llama: {rope: {freq_base: 1}}}`. */
function toNested(flat: EngineOptions["overrides"]): object {
  const root: Nested = new Map();
  for (const [name, value] of Object.entries(flat)) {
    const parts = name.split(".");
    const last = parts.pop() ?? name;
    let level = root;
    for (const part of parts) {
      const next = level.get(part);
      const inner: Nested = next instanceof Map ? next : new Map();
      level.set(part, inner);
      level = inner;
    }
    level.set(last, value);
  }
  return toObject(root);
}

type Nested = Map<string, Nested | number | string>;

function toObject(level: Nested): object {
  return Object.fromEntries(
    [...level].map(([name, value]) => [name, value instanceof Map ? toObject(value) : value]),
  );
}

function findControlTexts(model: LlamaModel): readonly string[] {
  const texts = new Set<string>();
  for (const token of model.iterateAllTokens()) {
    const { control, unknown } = model.getTokenAttributes(token);
    if (!control && !unknown) continue;
    texts.add(model.detokenize([token], true));
  }
  for (const text of [model.tokens.bosString, model.tokens.eosString, model.tokens.eotString])
    if (text !== null) texts.add(text);
  texts.delete("");
  return [...texts];
}

function findVisibleSpecials(model: LlamaModel): ReadonlySet<Token> {
  const tokens = new Set<Token>();
  for (const name of visibleNames) {
    const [token, ...rest] = model.tokenize(name, true);
    if (token !== undefined && rest.length === 0 && model.getTokenAttributes(token).control)
      tokens.add(token);
  }
  return tokens;
}
