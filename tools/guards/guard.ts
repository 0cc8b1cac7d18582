/** A rule that the tree must keep. */
export interface Guard {
  readonly name: string;
  /** What to do about a violation. */
  readonly remedy: string;
  /** It reads what the build writes: in a fresh clone the packages' types would be unknown to it. */
  readonly needsBuild?: boolean;
  /**
   * Looks at the tree in `root`.
   * @returns one line for each violation, naming file and rule; none when all is well
   */
  find(root: string): Promise<readonly string[]>;
}

/** Runs a guard; one that breaks is a violation too. */
export async function runGuard(guard: Guard, root: string): Promise<readonly string[]> {
  try {
    return await guard.find(root);
  } catch (error) {
    return [`the guard itself failed: ${error instanceof Error ? error.message : String(error)}`];
  }
}
