import { PlatformError } from "@llm-platform/kit";

/**
 * What to say of a row that there is already, by an index of the database: two that come at once are told apart only there.
 * @param columns of the index; a single one is the field at fault
 */
export function takenError(columns: readonly string[], cause: unknown): PlatformError {
  const [field, ...others] = columns;
  if (field === undefined || others.length > 0)
    return new PlatformError("conflict", "Another call has made the same just now. Look at what is there.", {
      cause,
    });
  return new PlatformError("conflict", `Another one has this ${field} already. Choose a different one.`, {
    field,
    cause,
  });
}
