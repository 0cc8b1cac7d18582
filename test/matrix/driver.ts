/** What came of an operation: its output, or the error by its code and the field at fault. */
export type Outcome =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly code: string; readonly field: string | undefined };

/** One protocol, by which an operation is called as its clients do. */
export interface Driver {
  readonly name: string;
  /** @param key undefined for a caller who is not known */
  call(
    operation: string,
    input: Readonly<Record<string, unknown>>,
    key: string | undefined,
  ): Promise<Outcome>;
  close(): Promise<void>;
}

/** A refusal as an outcome, from whatever object of a protocol tells it. */
export function toRefusal(code: unknown, field: unknown): Outcome {
  return {
    ok: false,
    code: String(code),
    field: typeof field === "string" && field !== "" ? field : undefined,
  };
}
