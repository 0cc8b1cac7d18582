/**
 * Why a file is not read further: it contradicts itself or its format (`corrupt`), wants to do something (`unsafe`), or
 * is something that the platform does not read (`unsupported`).
 */
export type ProblemKind = "corrupt" | "unsafe" | "unsupported";

/** Travels inside the process that looks at files; outside, it is a verdict or a PlatformError. */
export class FormatProblem extends Error {
  readonly kind: ProblemKind;

  /** @param message what is wrong, as the end of a sentence that begins with the file's name */
  constructor(kind: ProblemKind, message: string) {
    super(message);
    this.name = "FormatProblem";
    this.kind = kind;
  }
}
