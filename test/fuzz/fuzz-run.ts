/** How long to look, and where. */
export type FuzzOptions = {
  readonly seconds: number;
  /** The same seed makes the same inputs in the same order. */
  readonly seed: number;
  /** Told now and then how many inputs there were. */
  readonly onProgress?: (inputs: number) => void;
};

/** What a run came to. */
export type FuzzReport = {
  readonly inputs: number;
  readonly seconds: number;
  /** Inputs that were read in two ways, as JSON; empty when all is well. */
  readonly findings: readonly string[];
  /** What shows that the run reached what it is for. */
  readonly counts: Readonly<Record<string, number>>;
};
