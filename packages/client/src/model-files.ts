/** How far a model file can be trusted. */
export interface ModelVerdict {
  /** weights_only, suspicious or refused. */
  readonly verdict: string;
  /** What it is by its bytes. */
  readonly format: string;
  readonly reasons: readonly string[];
}

/** The verdict on a file or a folder of the server's machine. */
export interface PathVerdict extends ModelVerdict {
  /** The files of a folder, the worst first. */
  readonly files: readonly (ModelVerdict & { readonly name: string })[];
}
