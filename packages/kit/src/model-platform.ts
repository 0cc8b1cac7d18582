import type { JsonObject } from "./chat.ts";
import type { Codec } from "./codec.ts";
import type { Call, Dialect, Operation, Reply } from "./dialect.ts";
import type { ModelSettings } from "./model-settings.ts";
import type { ModelVerdict } from "./model-verdict.ts";
import type { Relay } from "./relay.ts";

/** A model that a platform offers. */
export interface ModelInfo {
  /** The platform's own name for it. */
  readonly id: string;
  /** What it can be asked for. */
  readonly operations: readonly Operation[];
  /** Tokens of prompt and answer together. Absent when not known. */
  readonly contextTokens?: number;
  readonly ownedBy?: string;
  readonly createdAtSeconds?: number;
  readonly sizeBytes?: number;
  readonly family?: string;
  readonly quantization?: string;
  /** `tools`, `vision`, `thinking`, … as far as the platform says. */
  readonly capabilities?: readonly string[];
  /** How far its file can be trusted, where the platform keeps files and looked. */
  readonly verdict?: ModelVerdict["verdict"];
}

/** A model that is in memory now. */
export interface LoadedModel {
  readonly id: string;
  readonly memoryBytes?: number;
  /** What it is measured to take of a GPU's memory; never a plan. Absent when it is not measured. */
  readonly gpuMemoryBytes?: number;
  /** Layers that its engine says are on a GPU. */
  readonly gpuLayers?: number;
  /** Whether the driver of the GPU sees what the engine says; `not_measured` where no driver tells. Absent without a GPU. */
  readonly gpu?: "used" | "claimed_not_seen" | "not_measured";
  /** When it is unloaded if nobody asks; absent for never. */
  readonly expiresAtMs?: number;
  readonly activeCalls?: number;
  /** One sentence where it does not run as it was meant to, such as without the GPU. */
  readonly notice?: string;
}

/** One step of a pull. */
export interface PullProgress {
  /** What happens now, in the platform's words, e.g. `verifying`. */
  readonly phase: string;
  readonly file?: string;
  readonly completedBytes?: number;
  readonly totalBytes?: number;
}

/** What bringing a model can report and be stopped by. */
export interface PullOptions {
  readonly signal: AbortSignal;
  onProgress(progress: PullProgress): void;
}

/** The ability of an integration that serves models. */
export interface ModelPlatform {
  /** `gen_ai.provider.name`: ollama, vllm, llama_cpp, openai, … */
  readonly provider: string;
  /** Which dialect `send` takes for an operation; undefined when it cannot serve it. */
  dialectFor(operation: Operation): Dialect | undefined;
  /** Needed by every platform whose dialect is not `openai`. */
  readonly codec?: Codec;
  /**
   * Whether the messages of its errors are written for callers, and hold no key, path or prompt: then they are passed on.
   * Default false: callers are told what an error is about in the platform's own words, and by its code and field.
   */
  readonly areErrorsPlain?: boolean;
  /** Whether streams report usage when asked by `stream_options.include_usage`. Default true. */
  readonly reportsStreamUsage?: boolean;
  /** The models on offer now. Throws PlatformError. */
  list(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /**
   * Sends one call. Resolves when the head of the reply is there; the body follows.
   * An answer with an error status is a reply, not a rejection.
   */
  send(call: Call): Promise<Reply>;
  /**
   * How other processes of the host may send calls themselves, to the same end as `send`. Offer it where a call is one
   * request to a server and nothing of it is bounded, queued or counted here: they send beside this process, not through it.
   */
  relay?(): Relay;
  /**
   * The tokens of a chat's prompt as the platform counts them, without answering it.
   * @param body the chat in the dialect that `send` takes, with `model` as the platform knows it
   */
  countTokens?(body: JsonObject, signal: AbortSignal): Promise<number>;
  /** Everything that the platform knows about one model. */
  show?(model: string, signal: AbortSignal): Promise<JsonObject>;
  loaded?(signal: AbortSignal): Promise<readonly LoadedModel[]>;
  load?(model: string, signal: AbortSignal): Promise<void>;
  unload?(model: string, signal: AbortSignal): Promise<void>;
  pull?(model: string, options: PullOptions): Promise<void>;
  /** Gives a model a further name. */
  copy?(model: string, destination: string, signal: AbortSignal): Promise<void>;
  delete?(model: string, signal: AbortSignal): Promise<void>;
  /** Makes a model of another that runs with settings of its own; nothing is copied. Rejects as `settings.set` does, and with `conflict`. */
  create?(model: string, from: string, settings: JsonObject): Promise<void>;
  readonly settings?: ModelSettings;
}
