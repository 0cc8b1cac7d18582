type Reader = (line: string) => void;

/** Warnings and errors that are kept to be looked at later. */
const mostKept = 200;
const longestKept = 4_000;
/** As the log begins each line. */
const worth = ['{"level":"warn"', '{"level":"error"'];

/** Where lines of the log can be read as they are written, secrets taken out. One reader is all there is. */
export class LogTap {
  #reader: Reader | undefined;
  readonly #kept: string[] = [];

  /** Hands the lines from now on to `reader`. The result ends that, unless another has taken its place. */
  read(reader: Reader): () => void {
    this.#reader = reader;
    return () => {
      if (this.#reader === reader) this.#reader = undefined;
    };
  }

  /** The last 200 warnings and errors of this process, oldest first. */
  recentProblems(): readonly string[] {
    return [...this.#kept];
  }

  write(line: string): void {
    this.#reader?.(line);
    if (!worth.some((start) => line.startsWith(start))) return;
    this.#kept.push(line.trimEnd().slice(0, longestKept));
    if (this.#kept.length > mostKept) this.#kept.shift();
  }
}
