import type { PullOptions } from "./model-platform.ts";
import type { ModelVerdict, PathVerdict } from "./model-verdict.ts";

/** How the numbers of the larger tensors are written: `source` keeps them as they are. */
export type NumberFormat = "source" | "f32" | "f16" | "bf16" | "q8_0" | "q5_0" | "q4_k" | "q4_0";

/** What is to be made of a model's files. */
export interface ModelConversion {
  /** A folder in the form of the Hugging Face Hub: weights, `config.json` and the tokenizer. */
  readonly path: string;
  /** Name of the model to make: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  readonly numbers: NumberFormat;
}

/** A model that was brought in. */
export interface BroughtModel {
  /** Its name among the platform's models. */
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
  readonly verdict: ModelVerdict;
  /** What could not be kept, in sentences. */
  readonly warnings: readonly string[];
}

/** The ability of an integration that keeps models as files of this machine. */
export interface ModelFiles {
  /**
   * The real path of what a caller names. Throws PlatformError `invalid_request`, the same for what is not there, unless
   * it lies in a folder that the settings allow.
   */
  locate(path: string): Promise<string>;
  /** What a file or folder is, by its bytes; nothing of it is run, loaded or unpacked. Any path: `locate` comes first. */
  inspect(path: string, signal: AbortSignal): Promise<PathVerdict>;
  /**
   * Makes a model that this integration runs of other files. Throws PlatformError `invalid_request` for files that are
   * refused, broken or of an architecture that is not known, `conflict` when there is a model of that name,
   * `insufficient_storage`.
   */
  convert(conversion: ModelConversion, options: PullOptions): Promise<BroughtModel>;
  /** Takes a model file over, by a copy. Throws as `convert` does. */
  adopt(path: string, name: string, options: PullOptions): Promise<BroughtModel>;
}
