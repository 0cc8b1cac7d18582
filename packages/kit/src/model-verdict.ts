/**
 * How far a model file can be trusted. `weights_only`: numbers and texts. `suspicious`: can be used after a conversion,
 * or holds something to look at first. `refused`: neither loaded nor converted.
 */
export interface ModelVerdict {
  readonly verdict: "weights_only" | "suspicious" | "refused";
  /** What it is by its bytes: gguf, safetensors, pytorch, pickle, onnx, … */
  readonly format: string;
  /** Sentences for a person, at most 16 and each shortened; they hold nothing that a terminal would obey. */
  readonly reasons: readonly string[];
}

/** The verdict on a file or a folder; that on a folder is the worst of its files. */
export interface PathVerdict extends ModelVerdict {
  /** The files of a folder, the worst first, at most 200. */
  readonly files: readonly (ModelVerdict & { readonly name: string })[];
}
