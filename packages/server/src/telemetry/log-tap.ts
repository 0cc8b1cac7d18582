type Reader = (line: string) => void;

/** Where lines of the log can be read as they are written, secrets taken out. One reader is all there is. */
export class LogTap {
  #reader: Reader | undefined;

  /** Hands the lines from now on to `reader`. The result ends that, unless another has taken its place. */
  read(reader: Reader): () => void {
    this.#reader = reader;
    return () => {
      if (this.#reader === reader) this.#reader = undefined;
    };
  }

  write(line: string): void {
    this.#reader?.(line);
  }
}
